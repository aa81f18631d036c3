"""Which numbers the processor multiplies fast."""

import torch


def multiplies_bfloat16() -> bool:
    """Whether the processor has AVX512-BF16 or AMX, with which bfloat16 is 2.5 to 2.8 times as fast as float32."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(bool(getattr(torch.cpu, name, bool)()) for name in names)
