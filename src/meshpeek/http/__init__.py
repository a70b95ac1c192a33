"""The HTTP server of the program: asyncio and h11. It knows nothing of what it serves."""
