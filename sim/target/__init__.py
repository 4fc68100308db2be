"""The firmware's viper functions as the chip has them: its own machine code, executed and counted.

A PC hides what only 32 bits show. Here each function is compiled by `mpy-cross` for the chips'
two instruction sets and executed: RV32IMC (ESP32-C3) in `rv32`, Xtensa (ESP32, S3) in `xtensa`.
What is counted, and what is not: docs/target.md.
"""
