"""Paint a photo in the style of a painting: an iterator of progress, and one function that runs it.

Names are loaded when they are first used, as `__init__.pyi` lists them, so that listing house styles loads no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
