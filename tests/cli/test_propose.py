"""Words in place of attributes, on the command line."""

from safetensors.torch import load_file


def test_propose(niwt, study):
    actual = niwt("propose", study, "A red crown and a hooked beak, on stilts. No crest.", "--json").json
    assert actual["attributes"] == {"crown color": "red", "bill shape": "hooked", "crest": "none"}
    assert {item["label"]: item["present"] for item in actual["understood"]}["crest: none"]
    assert actual["not_understood"] == ["stilts"]
    plain = niwt("propose", study, "A red crown, on stilts")
    assert plain.code == 0
    assert "crown color: red" in plain.out
    assert "not understood: stilts" in plain.out


def test_a_caption_in_a_recipe_is_read_as_attributes(niwt, study, tmp_path):
    (tmp_path / "words.yaml").write_text("name: Bird\ncaption: a red crown and a hooked bill\n")
    (tmp_path / "table.yaml").write_text("name: Bird\nattributes: {crown color: red, bill shape: hooked}\n")
    words = niwt("build", study, tmp_path / "words.yaml", "--out", tmp_path / "words.safetensors", "--json").json
    table = niwt("build", study, tmp_path / "table.yaml", "--out", tmp_path / "table.safetensors", "--json").json
    assert words["proposed"]["attributes"] == {"crown color": "red", "bill shape": "hooked"}
    assert "proposed" not in table
    one, other = (load_file(tmp_path / f"{name}.safetensors")["weights"] for name in ("words", "table"))
    assert one.equal(other)
    plain = niwt("build", study, tmp_path / "words.yaml", "--out", tmp_path / "words.safetensors")
    assert "bill shape: hooked" in plain.out


def test_words_that_say_nothing(niwt, study, tmp_path):
    niwt("propose", study, "zzz").one_error("no word that this study knows")
    niwt("propose", study, "  ").one_error("the description is empty")
    niwt("propose", study, "red crown", "--encoder", "/nowhere").one_error("text encoder cannot be loaded", "/nowhere")
    (tmp_path / "zzz.yaml").write_text("name: Bird\ncaption: zzz\n")
    niwt("build", study, tmp_path / "zzz.yaml", "--out", tmp_path / "x").one_error(
        "no word that this study knows", "Bird"
    )
    assert not (tmp_path / "x").exists()
