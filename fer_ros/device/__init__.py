"""The walk of a frame with its pixels on the GPU: uploaded once, only results come back.

Written with torch, and the same on every device of torch: tests hold it equal to the rooms' own
OpenCV and ONNX Runtime on the CPU. The pipeline imports it only where a GPU runs the nets.
"""
