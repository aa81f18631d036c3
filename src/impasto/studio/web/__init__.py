"""The web: pages, the JSON API, and what guards them; no mathematics, and nothing that takes long."""
