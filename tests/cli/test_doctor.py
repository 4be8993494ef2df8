"""``zsbir doctor``."""

import json

from zsbir_lib.cli import doctor as doctor_module
from zsbir_lib.datasets.toybox import recipe
from zsbir_lib.datasets.toybox.recipe import Counts
from zsbir_lib.store import Store


def only(monkeypatch, *looks):
    """Let the doctor look at these things only."""
    monkeypatch.setattr(doctor_module, "LOOKS", {name: doctor_module.LOOKS[name] for name in looks})


class TestDoctor:
    def test_its_code_says_what_its_checks_say(self, run):
        code, out, _ = run("doctor", "--json")
        values = json.loads(out)
        states = {check["name"]: check["state"] for check in values["checks"]}
        assert {"Python", "torch", "torchvision", "device", "cache", "Toybox mini"} <= set(states)
        assert states["torchvision"] == "ok"
        assert values["ok"] == ("wrong" not in states.values())
        assert code == (0 if values["ok"] else 1)

    def test_what_is_wrong_comes_with_a_remedy(self, run, monkeypatch):
        real = doctor_module.import_module

        def import_module(name):
            if name == "torchvision":
                raise RuntimeError("operator torchvision::nms does not exist\nand more")
            return real(name)

        monkeypatch.setattr(doctor_module, "import_module", import_module)
        only(monkeypatch, "packages")
        code, out, _ = run("doctor")
        assert code == 1
        assert "wrong  torchvision" in out
        assert "nms does not exist" in out
        assert "-> install torch and torchvision from one source" in out
        assert "1 checks failed" in out

    def test_a_check_that_breaks_is_a_check_that_failed(self, run, monkeypatch):
        def _device():
            raise RuntimeError("no driver")
            yield

        monkeypatch.setattr(doctor_module, "LOOKS", {"device": _device})
        code, out, err = run("doctor")
        assert (code, err) == (1, "")
        assert "no driver" in out

    def test_a_cache_that_cannot_be_written(self, run, monkeypatch, tmp_path):
        (tmp_path / "file").write_text("")
        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path / "file" / "cache"))
        only(monkeypatch, "cache")
        code, out, _ = run("doctor")
        assert code == 1
        assert "ZSBIR_CACHE" in out

    def test_a_shared_cache_is_looked_at_where_one_is_named(self, run, monkeypatch, tmp_path):
        only(monkeypatch, "shared cache")
        assert "shared" not in run("doctor")[1]
        monkeypatch.setenv("ZSBIR_SHARED_CACHE", str(tmp_path))
        code, out, _ = run("doctor")
        assert (code, "0 entries" in out, "zsbir toybox build" in out) == (1, True, True)
        Store(tmp_path).get("things", {}, lambda draft: draft.piece("a", lambda path: None))
        code, out, _ = run("doctor")
        assert (code, f"{tmp_path}, 1 entries" in out) == (0, True)

    def test_damaged_toybox_files_are_named(self, run, monkeypatch, tmp_path):
        from zsbir_lib.datasets.toybox.generation import Pictures
        from zsbir_lib.datasets.toybox.recipe import toybox_recipe

        monkeypatch.setenv("ZSBIR_CACHE", str(tmp_path))
        monkeypatch.setattr(recipe, "SKETCHY_CLASSES", ("cow", "pear"))
        monkeypatch.setattr(recipe, "SIZES", {"mini": {"seen": Counts(1, 1, 1)}})
        monkeypatch.setitem(recipe.SIZES["mini"], "unseen", Counts(1, 1, 1))
        only(monkeypatch, "toybox")
        assert "not drawn yet" in run("doctor")[1]
        entry = Pictures(toybox_recipe("mini"), workers=1).draw()
        assert "ok     Toybox mini" in run("doctor")[1]
        entry.path("pear.photos.npy").write_bytes(b"")
        code, out, _ = run("doctor")
        assert code == 1
        assert "1 damaged files, pear.photos" in out
        assert "zsbir toybox build --size mini" in out

    def test_a_part_of_sketchy_is_not_as_published(self, run, root, monkeypatch):
        only(monkeypatch)
        code, out, _ = run("doctor", "--root", root)
        assert code == 1
        assert "not as published" in out
        assert "classes differ" in out
        code, out, _ = run("doctor", "--root", root, "--json")
        assert code == 1
        assert json.loads(out)["sketchy"]["statistics"]["Photos"] == 32

    def test_a_folder_that_is_not_there_is_bad_input(self, run, tmp_path):
        code, out, err = run("doctor", "--root", tmp_path / "nowhere")
        assert (code, out) == (2, "")
        assert "no folder" in err

    def test_damaged_weights_of_toynet_are_found(self, run, monkeypatch, tmp_path):
        import shutil

        from zsbir_lib.toynet import TOYNET_WEIGHTS, packaged

        shutil.copytree(TOYNET_WEIGHTS.parent, tmp_path / "weights")
        weights = tmp_path / "weights" / TOYNET_WEIGHTS.name
        content = bytearray(weights.read_bytes())
        content[-1000] ^= 1
        weights.write_bytes(content)
        monkeypatch.setattr(packaged, "TOYNET_WEIGHTS", weights)
        only(monkeypatch, "toynet")
        code, out, _ = run("doctor")
        assert code == 1
        assert "wrong  toynet weights" in out
        assert "checksum" in out
