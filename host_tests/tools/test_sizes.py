"""tools/sizes.py: what counts as grown, new and gone."""

import sizes

TABLE = {"meter.storage": {"image": 8000, "heap": 10000}, "meter.hal": {"image": 40, "heap": 300}}


def changed(package, **figures):
    return {**TABLE, package: {**TABLE.get(package, {}), **figures}}


def test_same_smaller_and_slightly_larger_figures_pass():
    assert sizes.compare(TABLE, TABLE) == []
    assert sizes.compare(TABLE, changed("meter.storage", heap=5000)) == []
    assert sizes.compare(TABLE, changed("meter.storage", image=8800)) == []


def test_a_tenth_more_of_a_small_package_passes_within_the_allowance():
    assert sizes.compare(TABLE, changed("meter.hal", heap=556)) == []
    assert sizes.compare(TABLE, changed("meter.hal", heap=557)) == [
        "meter.hal: heap grew from 300 to 557 bytes"
    ]


def test_more_than_a_tenth_is_a_complaint():
    assert sizes.compare(TABLE, changed("meter.storage", heap=11001)) == [
        "meter.storage: heap grew from 10000 to 11001 bytes"
    ]


def test_new_and_missing_packages_are_complaints():
    assert sizes.compare(TABLE, changed("meter.ui", image=1)) == ["meter.ui: is new, not in the table"]
    assert sizes.compare(TABLE, {"meter.hal": TABLE["meter.hal"]}) == [
        "meter.storage: is gone, the table still has it"
    ]


def test_every_device_module_belongs_to_one_package():
    found = [module for modules in sizes.packages().values() for module in modules]
    assert len(found) == len(set(found)) > 10
    assert all((sizes.mpy_build.FIRMWARE / sizes.module_path(module)).is_file() for module in found)
