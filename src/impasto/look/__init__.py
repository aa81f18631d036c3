"""See inside the network: what its layers make of a picture, what they keep of it, and what its units look for.

What is computed and what is drawn are apart: a function gives arrays, and another makes a sheet of them, a matplotlib
Figure. Names are loaded when they are first used, as `__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
