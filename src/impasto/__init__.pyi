from . import examples as examples
from .painter import (
    Painter as Painter,
)
from .painter import (
    Painting as Painting,
)
from .painter import (
    Progress as Progress,
)
from .painter import (
    Recipe as Recipe,
)
from .painter import (
    Run as Run,
)
from .painter import (
    Settings as Settings,
)
from .painter import (
    Style as Style,
)
from .painter import (
    paint as paint,
)
