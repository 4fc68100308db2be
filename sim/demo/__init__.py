"""`doorknock demo`: the main job on one machine, with the real firmware and no hardware."""
