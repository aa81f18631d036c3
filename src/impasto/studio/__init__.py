"""The studio: upload a photo, choose a style, and have it painted; an email comes when it is done."""
