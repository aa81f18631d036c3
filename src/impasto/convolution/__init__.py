"""The arithmetic of convolutions, as the course has it: sizes, padding, strides, kernels, receptive fields."""
