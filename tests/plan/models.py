"""Model folders as values, for tests that need a shape and no files."""

from pathlib import Path

from tunedesk.template.model_folder import ModelFolder, ModelShape


def model(
    name: str, architecture: str, shape: ModelShape, context: int = 8192, parameters: int = 0
) -> ModelFolder:
    return ModelFolder(
        path=Path("/models") / name,
        name=name,
        architecture=architecture,
        shape=shape,
        context=context,
        parameters=parameters,
        weight_bytes=2 * parameters,
        license="",
        has_template=True,
        is_practice=False,
    )


QWEN3_8B = model(
    "Qwen3-8B",
    "Qwen3ForCausalLM",
    ModelShape(36, 4096, 32, 8, 128, 12288, 151_936, False),
    parameters=8_190_735_360,
)
LLAMA31_8B = model(
    "Llama-3.1-8B",
    "LlamaForCausalLM",
    ModelShape(32, 4096, 32, 8, 128, 14336, 128_256, False),
    context=131_072,
    parameters=8_030_261_248,
)
QWEN3_4B = model("Qwen3-4B", "Qwen3ForCausalLM", ModelShape(36, 2560, 32, 8, 128, 9728, 151_936, True))
QWEN3_06B = model("Qwen3-0.6B", "Qwen3ForCausalLM", ModelShape(28, 1024, 16, 8, 128, 3072, 151_936, True))
LLAMA2_7B = model("Llama-2-7B", "LlamaForCausalLM", ModelShape(32, 4096, 32, 32, 128, 11008, 32_000, False))
TINY = model(
    "tiny",
    "LlamaForCausalLM",
    ModelShape(4, 256, 4, 2, 64, 768, 4096, True),
    context=512,
    parameters=4_000_000,
)
