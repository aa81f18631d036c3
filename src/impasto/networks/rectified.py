"""A convolution and the ReLU after it as one function, for CUDA.

Apart, cuDNN's convolution writes its output, and the bias and the ReLU each read it and write it again. Together they
are one kernel, and memory is what limits the first layers of a network.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from impasto.networks.table import Layer


def convolved(x: Tensor, kernel: Tensor, bias: Tensor, layer: Layer) -> Tensor:
    """relu(x ∗ kernel + bias), with the gradient with respect to x alone.

    Args:
        x: B × C_in × H × W.
        kernel: C_out × C_in × k × k.
        bias: C_out.
        layer: the stride, the padding and the dilation.
    """
    made: Tensor = _ConvolutionReLU.apply(x, kernel, bias, layer)  # type: ignore[no-untyped-call]
    return made


class _ConvolutionReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor, layer: Layer) -> Tensor:
        stride, padding, dilation = ([n, n] for n in (layer.stride, layer.padding, layer.dilation))
        if x.is_cuda:
            y = torch.cudnn_convolution_relu(x, kernel, bias, stride, padding, dilation, 1)
        else:
            y = F.conv2d(x, kernel, bias, stride, padding, dilation).relu_()
        ctx.save_for_backward(x, y, kernel)
        ctx.layer = layer
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        x, y, kernel = ctx.saved_tensors
        stride, padding, dilation = ([n, n] for n in (ctx.layer.stride, ctx.layer.padding, ctx.layer.dilation))
        passed = torch.ops.aten.threshold_backward(gradients[0], y, 0)
        wanted = [True, False, False]  # gradients of the input, the kernel and the bias
        gradient: Tensor = torch.ops.aten.convolution_backward(
            passed, x, kernel, None, stride, padding, dilation, False, [0, 0], 1, wanted
        )[0]
        return gradient, None, None, None
