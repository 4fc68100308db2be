"""What is frozen into the firmware image, for MicroPython's build (`make FROZEN_MANIFEST=…`)."""

include("$(PORT_DIR)/boards/manifest.py")  # noqa: F821
freeze("$(MANIFEST_DIR)", ("boot.py", "main.py", "slot.py"))  # noqa: F821
package("doorknock", base_path="$(MANIFEST_DIR)", opt=0)  # noqa: F821
