"""The cases of deps.py: files of a project, files beside it, command lines.

`REPOS` and `HUB/` in a text stand for the places of the world. A step that is a mapping writes files between commands.
`except` names what is not compared:
- archives and names that escape: dbt leaves an emptied packages folder, Tidegate the one that was there
- `redirect`, `git_main`, `git_head`: warnings in our own words, and one of each where dbt gives two
- `ring`: packages that ask for each other keep dbt busy for ever
- `add_to_dependencies`: dbt cannot add to a file that also has `projects`
- `add_again`, `add_replaces_git`, `clean`: dbt writes a line's parts, or lines, in random order
"""


def hub(*packages: str) -> dict:
    """A packages.yml that lists packages of the hub, each `name` and its version as YAML."""
    lines = ["packages:"]
    for package in packages:
        name, version = package.split(" ", 1)
        lines += [f"  - package: {name}", f"    version: {version}"]
    return {"packages.yml": "\n".join(lines) + "\n"}


def listed(text: str, **more: str) -> dict:
    return {"packages.yml": text, **more}


PROFILE = {"profiles.yml": "shop: {target: dev, outputs: {dev: {type: duckdb, path: ':memory:'}}}\n"}
LOCAL = {"parts/dbt_project.yml": "name: parts\n", "parts/macros/m.sql": "x"}
DEPS, LOCK, UPGRADE = ["deps"], ["deps", "--lock"], ["deps", "--upgrade"]


def add(package: str, *more: str) -> list:
    return ["deps", "--add-package", package, *more]


CASES = {
    # the hub
    "exact": {"files": hub("acme/alpha 1.0.0")},
    "newest": {"files": hub("acme/alpha 2.0.0")},
    "range": {"files": hub("acme/alpha ['>=1.0.0', '<2.0.0']")},
    "range_newest": {"files": hub("acme/alpha '>=1.0.0'")},
    "range_with_commas": {"files": hub("acme/alpha '>=1.0.0,<2.0.0'")},
    "range_with_spaces": {"files": hub("acme/alpha ['>= 1.0.0']")},
    "below": {"files": hub("acme/alpha '<1.2.0'")},
    "at_most": {"files": hub("acme/alpha '<=1.2.0'")},
    "above": {"files": hub("acme/alpha '>1.2.0'")},
    "equals": {"files": hub("acme/alpha '=1.2.0'")},
    "number": {"files": hub("acme/number 1.0")},
    "number_in_list": {"files": hub("acme/number [1.0]")},
    "no_such_version": {"files": hub("acme/alpha 3.0.0")},
    "impossible": {"files": hub("acme/alpha ['>2.0.0', '<1.0.0']")},
    "two_exact": {"files": hub("acme/alpha ['1.0.0', '2.0.0']")},
    "exact_in_range": {"files": hub("acme/alpha ['1.0.0', '>=0.9.0']")},
    "edge": {"files": hub("acme/alpha ['>=1.0.0', '<=1.0.0']")},
    "empty_edge": {"files": hub("acme/alpha ['>1.0.0', '<=1.0.0']")},
    "open_edge": {"files": hub("acme/alpha ['>1.0.0', '<1.2.0']")},
    "prerelease_exact": {"files": hub("acme/alpha 2.1.0-rc1")},
    "prerelease_range": {"files": hub("acme/alpha '>=2.1.0-rc1'")},
    "prerelease_below": {"files": hub("acme/alpha ['>=1.0.0', '<2.1.0-rc2']")},
    "prerelease_joined": {"files": hub("acme/alpha 2.1.0rc1")},
    "prerelease_wanted": {"files": listed(
        "packages:\n- package: acme/alpha\n  version: '>=1.0.0'\n  install_prerelease: true\n")},
    "prerelease_below_release": {"files": listed(
        "packages:\n- package: acme/alpha\n  version: '<2.1.0'\n  install_prerelease: true\n")},
    "prerelease_only": {"files": hub("acme/only_pre '>=0.0.1'")},
    "build_metadata": {"files": hub("acme/alpha 1.0.0+build")},
    "require_dbt": {"files": hub("acme/newer '>=1.0.0'")},
    "require_dbt_never": {"files": hub("acme/never '>=1.0.0'")},
    "require_dbt_unchecked": {"files": hub("acme/newer '>=1.0.0'"), "steps": [["deps", "--no-version-check"]]},
    "unknown_package": {"files": hub("acme/nothing 1.0.0")},
    "in_index_but_gone": {"files": hub("odd/missing 1.0.0")},
    "page_is_a_list": {"files": hub("odd/list 1.0.0")},
    "page_lacks_keys": {"files": hub("odd/keys 1.0.0")},
    "redirect": {"except": ["lines"], "files": hub("old/name 1.0.0")},
    "bad_version": {"files": hub("acme/alpha latest")},
    "whole_number": {"files": hub("acme/alpha [1]")},
    # packages of packages
    "transitive": {"files": hub("acme/beta 1.0.0")},
    "transitive_meets": {"files": hub("acme/beta 1.0.0", "acme/delta 1.0.0")},
    "transitive_narrowed": {"files": hub("acme/alpha '>=1.0.0'", "acme/delta 1.0.0")},
    "transitive_conflict": {"files": hub("acme/beta 1.0.0", "acme/gamma 1.0.0")},
    "root_conflict": {"files": hub("acme/alpha 2.0.0", "acme/beta 1.0.0")},
    "ring": {"except": ["codes", "files"], "files": hub("acme/ring_a 1.0.0")},
    "listed_twice": {"files": hub("acme/alpha '>=1.0.0'", "acme/alpha '<2.0.0'")},
    "same_project_name": {"files": hub("acme/alpha 1.0.0", "acme/same_name 1.0.0")},
    "name_of_the_root": {"files": hub("acme/root_name 1.0.0")},
    "hub_lists_git": {"files": hub("acme/wants_git 1.0.0")},
    # archives
    "name_that_escapes": {"files": hub("acme/path_name 1.0.0"), "except": ["files"]},
    "archive_with_parent": {"files": hub("acme/evil_path 1.0.0"), "except": ["files"]},
    "archive_with_absolute_path": {"files": hub("acme/evil_root 1.0.0"), "except": ["files"]},
    "archive_with_link_out": {"files": hub("acme/evil_link 1.0.0"), "except": ["files"]},
    "archive_with_hard_link_out": {"files": hub("acme/evil_hard 1.0.0"), "except": ["files"]},
    "archive_with_link_inside": {"files": hub("acme/good_link 1.0.0")},
    "archive_gone": {"files": hub("acme/gone 1.0.0"), "except": ["files"]},
    "archive_at_second_try": {"files": hub("acme/flaky 1.0.0")},
    "tarball": {"files": listed("packages:\n- tarball: HUB/archives/plain/1.tar.gz\n  name: plain\n")},
    "tarball_other_name": {"files": listed("packages:\n- tarball: HUB/archives/plain/1.tar.gz\n  name: other\n")},
    "tarball_without_name": {"files": listed("packages:\n- tarball: HUB/archives/plain/1.tar.gz\n")},
    "tarball_name_escapes": {"files": listed("packages:\n- tarball: HUB/archives/plain/1.tar.gz\n  name: ../x\n"),
                             "except": ["files"]},
    # git
    "git_tag": {"files": listed("packages:\n- git: REPOS/tools.git\n  revision: v1\n")},
    "git_annotated_tag": {"files": listed("packages:\n- git: REPOS/tools.git\n  revision: v2\n")},
    "git_branch": {"files": listed("packages:\n- git: REPOS/tools.git\n  revision: next\n")},
    "git_main": {"except": ["lines"], "files": listed("packages:\n- git: REPOS/tools.git\n  revision: main\n")},
    "git_head": {"except": ["lines"], "files": listed("packages:\n- git: REPOS/tools.git\n")},
    "git_head_accepted": {"files": listed("packages:\n- git: REPOS/tools.git\n  warn-unpinned: false\n")},
    "git_head_strict": {"files": listed("packages:\n- git: REPOS/tools.git\n"), "steps": [["--warn-error", "deps"]],
                        "except": ["files"]},
    "git_file_url": {"files": listed("packages:\n- git: file://REPOS/tools.git\n  revision: v1\n")},
    "git_suffix_aside": {"files": listed(
        "packages:\n- git: file://REPOS/tools.git\n  revision: v1\n- git: file://REPOS/tools\n  revision: v1\n")},
    "git_two_revisions": {"files": listed(
        "packages:\n- git: REPOS/tools.git\n  revision: v1\n- git: REPOS/tools.git\n  revision: v2\n")},
    "git_no_repository": {"files": listed("packages:\n- git: REPOS/nowhere.git\n  revision: v1\n")},
    "git_no_revision": {"files": listed("packages:\n- git: REPOS/tools.git\n  revision: v9\n")},
    "git_number": {"files": listed("packages:\n- git: REPOS/mono.git\n  revision: 1.0\n  subdirectory: a\n")},
    "git_subdirectory": {"files": listed("packages:\n- git: REPOS/mono.git\n  revision: '1.0'\n  subdirectory: deep/b\n")},
    "git_two_subdirectories": {"files": listed(
        "packages:\n- git: REPOS/mono.git\n  revision: '1.0'\n  subdirectory: deep/b\n"
        "- git: REPOS/mono.git\n  revision: '1.0'\n  subdirectory: a\n"),
        "steps": [DEPS, DEPS]},
    "git_no_subdirectory": {"files": listed("packages:\n- git: REPOS/mono.git\n  subdirectory: nothing\n")},
    "git_no_project": {"files": listed("packages:\n- git: REPOS/mono.git\n  revision: '1.0'\n")},
    "git_secret": {"files": listed(
        "packages:\n- git: \"file://{{ env_var('DBT_ENV_SECRET_FOLDER') }}/tools.git\"\n  revision: v1\n"),
        "env": {"DBT_ENV_SECRET_FOLDER": "REPOS"}, "steps": [DEPS, DEPS]},
    "private": {"files": listed("packages:\n- private: acme/tools\n  provider: github\n  revision: v1\n")},
    # local
    "local": {"files": listed("packages:\n- local: parts\n", **LOCAL)},
    "local_outside": {"files": listed("packages:\n- local: ../parts\n"), "around": LOCAL},
    "local_home": {"files": listed("packages:\n- local: ~/parts\n"), "around": LOCAL},
    "local_of_local": {"files": listed("packages:\n- local: parts\n", **LOCAL, **{
        "parts/packages.yml": "packages:\n- local: more\n- package: acme/alpha\n  version: 1.0.0\n",
        "more/dbt_project.yml": "name: more\n"})},
    "local_without_project": {"files": listed("packages:\n- local: parts\n", **{"parts/x": ""})},
    "local_nowhere": {"files": listed("packages:\n- local: parts\n")},
    "local_without_name": {"files": listed("packages:\n- local: parts\n", **{"parts/dbt_project.yml": "version: 1\n"})},
    "local_dependencies": {"files": listed("packages:\n- local: parts\n", **LOCAL, **{
        "parts/dependencies.yml": "packages:\n- package: acme/alpha\n  version: 1.0.0\n"})},
    "kinds_differ": {"files": listed(
        "packages:\n- local: acme/alpha\n- package: acme/alpha\n  version: 1.0.0\n",
        **{"acme/alpha/dbt_project.yml": "name: alpha\n"})},
    # the files
    "nothing": {},
    "empty_file": {"files": listed("")},
    "empty_list": {"files": listed("packages: []\n")},
    "dependencies_yml": {"files": {"dependencies.yml": "packages:\n- package: acme/alpha\n  version: 1.0.0\n"}},
    "dependencies_yml_not_rendered": {"files": {
        "dependencies.yml": "packages:\n- package: acme/alpha\n  version: \"{{ '1.0.0' }}\"\n"}},
    "dependencies_yml_projects": {"files": {"dependencies.yml": "projects:\n- name: other\n"}},
    "both_files": {"files": {"packages.yml": "packages: []\n", "dependencies.yml": "packages: []\n"}},
    "rendered": {"files": listed(
        "packages:\n- package: acme/alpha\n  version: \"{{ var('v', '1.0.0') }}\"\n"
        "- local: \"{{ env_var('WHERE', 'parts') }}\"\n", **LOCAL)},
    "rendered_with_vars": {"files": listed("packages:\n- package: acme/alpha\n  version: \"{{ var('v') }}\"\n"),
                           "steps": [["deps", "--vars", "{v: 1.2.0}"]]},
    "var_missing": {"files": listed("packages:\n- package: acme/alpha\n  version: \"{{ var('v') }}\"\n")},
    "env_var_missing": {"files": listed("packages:\n- local: \"{{ env_var('NOT_THERE') }}\"\n")},
    "jinja_broken": {"files": listed("packages:\n- local: \"{{ x \"\n")},
    "names_like_other_types": {"files": listed("packages:\n- local: 'on'\n- local: '1.0'\n- local: \"it's: #1\"\n", **{
        "on/dbt_project.yml": "name: a\n", "1.0/dbt_project.yml": "name: b\n", "it's: #1/dbt_project.yml": "name: c\n"})},
    "not_ascii": {"files": listed("packages:\n- local: größe\n", **{"größe/dbt_project.yml": "name: groesse\n"})},
    "unknown_key": {"files": listed("packages:\n- package: acme/alpha\n  versions: 1.0.0\n  version: 1.0.0\n")},
    "unknown_top_key": {"files": listed("packages: []\nextra: 1\n")},
    "install_path": {"files": {**hub("acme/alpha 1.0.0"),
                               "dbt_project.yml": "name: shop\nprofile: shop\npackages-install-path: some/where\n"}},
    "long_text": {"files": listed("packages:\n- local: " + "a b/" * 40 + "parts\n", **{
        "a b/" * 40 + "parts/dbt_project.yml": "name: parts\n"})},
    # the lock
    "lock_only": {"files": hub("acme/alpha 1.0.0"), "steps": [LOCK]},
    "lock_reused": {"files": hub("acme/alpha '>=1.0.0'"), "steps": [DEPS, DEPS]},
    "lock_honoured": {"files": {"packages.yml": "packages: [{package: acme/alpha, version: '>=1.0.0'}]\n",
                                "package-lock.yml": "packages:\n- package: acme/alpha\n  version: 1.0.0\n"
                                                    "sha1_hash: 00406fe9fdc669e9a30694f543d1aefd5c7fbc0a\n"}},
    "lock_of_other_list": {"files": hub("acme/alpha '>=1.0.0'"), "steps": [
        {"package-lock.yml": "packages:\n- package: acme/alpha\n  version: 1.0.0\nsha1_hash: abc\n"}, DEPS]},
    "lock_changed_list": {"files": hub("acme/alpha 1.0.0"), "steps": [DEPS, hub("acme/alpha 2.0.0"), DEPS]},
    "lock_upgrade": {"files": hub("acme/alpha '>=1.0.0'"), "steps": [DEPS, UPGRADE]},
    "lock_before_0_names": {"files": hub("acme/beta 1.0.0"), "steps": [DEPS, UPGRADE, LOCK]},
    "lock_of_git": {"files": listed("packages:\n- git: REPOS/tools.git\n  revision: v2\n"), "steps": [DEPS, DEPS]},
    "lock_of_everything": {"files": listed(
        "packages:\n- git: REPOS/mono.git\n  revision: '1.0'\n  subdirectory: a\n- local: parts\n"
        "- package: acme/beta\n  version: 1.0.0\n- tarball: HUB/archives/plain/1.tar.gz\n  name: plain\n", **LOCAL),
        "steps": [DEPS, DEPS, UPGRADE]},
    "emptied_list": {"files": hub("acme/alpha 1.0.0"), "steps": [DEPS, {"packages.yml": "packages: []\n"}, DEPS]},
    "stale_folders_go": {"files": {**hub("acme/alpha 1.0.0"), "dbt_packages/old/dbt_project.yml": "name: old\n"}},
    # adding
    "add_first": {"steps": [add("acme/alpha@1.0.0")]},
    "add_second": {"files": hub("acme/number 1.0.1"), "steps": [add("acme/alpha@1.0.0"), DEPS]},
    "add_with_comments": {"files": listed(
        "# ours\npackages:\n- version: 1.0.1  # why\n  package: acme/number\n\n"), "steps": [add("acme/alpha@1.0.0")]},
    "add_again": {"except": ["lines"], "files": hub("acme/alpha 1.0.0"), "steps": [add("acme/alpha@2.0.0")]},
    "add_range": {"steps": [add("acme/alpha@>=1.0.0,<2.0.0")]},
    "add_git": {"steps": [add("REPOS/tools.git@v1", "--source", "git")]},
    "add_local": {"files": LOCAL, "steps": [add("parts", "--source", "local")]},
    "add_keeps_values": {"files": listed(
        "packages:\n- git: https://host.invalid/x.git\n  revision: 1.10\n  warn-unpinned: no\n"
        "- package: acme/number\n  version: ['>=1.0.0', \"<2.0.0\"]\n- local: 'on'\n- local: größe\n"),
        "steps": [add("acme/alpha@1.0.0", "--lock")]},
    "add_short_name": {"files": listed("packages:\n- git: https://host.invalid/my-alpha.git\n  revision: v1\n"
                                       "- local: parts/alpha\n- local: alpha-two\n"),
                       "steps": [add("acme/my_alpha@1.0.0", "--lock")]},
    "add_without_version": {"steps": [add("acme/alpha")]},
    "add_and_lock": {"steps": [add("acme/alpha@1.0.0", "--lock")]},
    "add_unknown": {"steps": [add("acme/nothing@1.0.0")]},
    "add_to_dependencies": {"except": ["codes", "files"], "files": {
        "dependencies.yml": "# ours\nprojects:\n- name: other\npackages:\n- package: acme/number\n  version: 1.0.1\n"},
        "steps": [add("acme/alpha@1.0.0")]},
    "add_beside_dependencies": {"files": {"dependencies.yml": "projects:\n- name: other\n"},
                                "steps": [add("acme/alpha@1.0.0")]},
    "add_replaces_git": {"except": ["lines"], "files": listed("packages:\n- git: REPOS/alpha.git\n  revision: v1\n  warn-unpinned: false\n"),
                         "steps": [add("acme/alpha@1.0.0")]},
    # afterwards
    "parse_before_deps": {"files": {**hub("acme/alpha 1.0.0"), **PROFILE}, "steps": [["parse", "--profiles-dir", "."]]},
    "clean": {"except": ["lines"], "files": {**hub("acme/alpha 1.0.0"), **PROFILE,
                        "dbt_project.yml": "name: shop\nprofile: shop\nclean-targets: [target, dbt_packages]\n"},
              "steps": [DEPS, ["clean", "--profiles-dir", "."]]},
}
