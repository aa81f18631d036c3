"""Paint a photo in the style of a painting, and see how the network does it.

Names are loaded when they are first used, as `__init__.pyi` lists them: `import impasto` loads no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
