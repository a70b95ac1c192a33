"""What changes objects: patches, server-side apply, and the fields that managers own."""
