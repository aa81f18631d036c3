from .balance_grid import balance as balance
from .contact_sheet import feature_sheet as feature_sheet
from .diagram import network_sheet as network_sheet
from .excite import visualization as visualization
from .excite import visualizations as visualizations
from .explanations import Why as Why
from .explanations import explain as explain
from .features import FeatureMaps as FeatureMaps
from .features import feature_maps as feature_maps
from .first_kernels import kernel_sheet as kernel_sheet
from .gram_pictures import gram_sheet as gram_sheet
from .grams import LayerGram as LayerGram
from .grams import layer_grams as layer_grams
from .layers import (
    FIRST_OF_EACH_BLOCK as FIRST_OF_EACH_BLOCK,
)
from .layers import (
    LookError as LookError,
)
from .layers import (
    Unit as Unit,
)
from .layers import (
    field_of as field_of,
)
from .model_features import model_maps as model_maps
from .overlays import why_sheet as why_sheet
from .patches import Patch as Patch
from .patches import best_patches as best_patches
from .picture_sheets import (
    Tile as Tile,
)
from .picture_sheets import (
    balance_sheet as balance_sheet,
)
from .picture_sheets import (
    figure_1_sheet as figure_1_sheet,
)
from .picture_sheets import (
    patch_sheet as patch_sheet,
)
from .picture_sheets import (
    picture_sheet as picture_sheet,
)
from .picture_sheets import (
    reconstruction_sheet as reconstruction_sheet,
)
from .picture_sheets import (
    unit_sheet as unit_sheet,
)
from .reconstruct import FIGURE_1 as FIGURE_1
from .reconstruct import Kept as Kept
from .reconstruct import reconstruction as reconstruction
from .sheet_files import write as write
