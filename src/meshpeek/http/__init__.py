"""One small HTTP server, h11 on asyncio: loopback, within limits, whatever it serves."""
