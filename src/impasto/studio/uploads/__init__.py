"""Uploads: pictures of strangers, decoded by processes of their own."""
