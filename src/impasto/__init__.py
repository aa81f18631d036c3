"""Paint a photo in the style of a painting, and see how the network does it."""
