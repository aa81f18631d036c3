"""Which numbers a device multiplies fast."""

import torch

# The first generation of NVIDIA's GPUs that has units for bfloat16: Ampere.
AMPERE = (8, 0)


def multiplies_bfloat16(device: torch.device | str = "cpu") -> bool:
    """Whether a device multiplies bfloat16 faster than float32.

    A processor does with AVX512-BF16 or AMX, 2.5 to 2.8 times as fast; an NVIDIA GPU does from Ampere on.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= AMPERE
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return device.type == "cpu" and any(bool(getattr(torch.cpu, name, bool)()) for name in names)
