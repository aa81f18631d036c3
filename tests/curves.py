"""Points of a curve, as painters report them."""


def point(step, content, style):
    """The objective after a step, and what content and style add to it."""
    return {"step": step, "objective": content + style, "parts": {"content": content, "style": style}}
