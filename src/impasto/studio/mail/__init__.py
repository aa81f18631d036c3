"""Mail: what is to be sent, how it is written, and how it goes out."""
