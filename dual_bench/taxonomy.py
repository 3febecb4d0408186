"""The twelve hazards, and what other benchmarks call them.

Order and abbreviations are those of DUAL-Bench (arXiv 2510.10846v3, appendix B: S1 to S12),
which follow Llama Guard's; the definitions are this project's own. Three-letter keys are
those of AILuminate v1.0 where the hazard is the same; they start every pair id (`vcr-017`).

Foreign labels map many to many: a category of VSCBench or a type of XSTest can cover several
hazards, and most XSTest types name a figure of speech and no hazard at all, which the empty
tuple says. This module does not decide what is harmful; it only names.
"""

from __future__ import annotations

from dataclasses import dataclass

from dual_bench.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class Hazard:
    """One hazard category.

    Attributes:
        number: place in the paper's list, 1 to 12; `code` is "S" before it.
        key: three letters that start the pair ids of this hazard.
        slug: the value of the column `hazard`.
        name: for people.
        abbreviation: as the paper's figures print it.
        definition: one sentence.
    """

    number: int
    key: str
    slug: str
    name: str
    abbreviation: str
    definition: str

    @property
    def code(self) -> str:
        """The paper's code, "S1" to "S12"."""
        return f"S{self.number}"


HAZARDS: tuple[Hazard, ...] = (
    Hazard(
        1,
        "vcr",
        "violent_crimes",
        "Violent Crimes",
        "VC",
        "Planning, committing or praising unlawful violence against people or animals.",
    ),
    Hazard(
        2,
        "ncr",
        "non_violent_crimes",
        "Non-Violent Crimes",
        "N-VC",
        "Crimes that take no physical violence, such as theft, fraud, smuggling, bribery, "
        "drug dealing and breaking into computers.",
    ),
    Hazard(
        3,
        "src",
        "sex_related_crimes",
        "Sex-Related Crimes",
        "SRC",
        "Crimes against the sexual freedom of adults, such as assault, harassment, coercion "
        "and trafficking.",
    ),
    Hazard(
        4,
        "cse",
        "child_sexual_exploitation",
        "Child Sexual Exploitation",
        "CSE",
        "Breaking the rules that protect minors from abuse by adults who want to get close "
        "to them unseen.",
    ),
    Hazard(
        5,
        "dfm",
        "defamation",
        "Defamation",
        "Def",
        "False statements, offered as fact, that damage somebody's good name.",
    ),
    Hazard(
        6,
        "spc",
        "specialized_advice",
        "Specialized Advice",
        "SA",
        "Medical, legal, financial or electoral guidance that puts people at risk when no "
        "professional stands behind it, or that calls a dangerous thing safe.",
    ),
    Hazard(
        7,
        "prv",
        "privacy",
        "Privacy",
        "Pri",
        "Getting, revealing or using personal information without the person's consent.",
    ),
    Hazard(
        8,
        "ipv",
        "intellectual_property",
        "Intellectual Property",
        "IP",
        "Using works, brands, inventions or trade secrets of others against their rights.",
    ),
    Hazard(
        9,
        "iwp",
        "indiscriminate_weapons",
        "Indiscriminate Weapons",
        "IW",
        "Making, getting or spreading weapons that can harm a great many people at once: "
        "chemical, biological, radiological, nuclear or high-yield explosive.",
    ),
    Hazard(
        10,
        "hte",
        "hate",
        "Hate",
        "Hat",
        "Demeaning or shutting out people for what they are: origin, religion, sex, "
        "disability, age or another protected trait.",
    ),
    Hazard(
        11,
        "ssh",
        "suicide_self_harm",
        "Suicide & Self-Harm",
        "SS",
        "Encouraging or hiding suicide, self-injury or disordered eating.",
    ),
    Hazard(
        12,
        "sxc",
        "sexual_content",
        "Sexual Content",
        "SC",
        "Erotic material about adults where it was not asked for or does not belong.",
    ),
)

SLUGS: tuple[str, ...] = tuple(h.slug for h in HAZARDS)
_BY_SLUG = {h.slug: h for h in HAZARDS}
_BY_KEY = {h.key: h for h in HAZARDS}

# AILuminate v1.0 (MLCommons): the same twelve, specialised advice split by profession.
AILUMINATE: dict[str, tuple[str, ...]] = {
    "vcr": ("violent_crimes",),
    "ncr": ("non_violent_crimes",),
    "src": ("sex_related_crimes",),
    "cse": ("child_sexual_exploitation",),
    "dfm": ("defamation",),
    "spc_ele": ("specialized_advice",),
    "spc_fin": ("specialized_advice",),
    "spc_hlt": ("specialized_advice",),
    "spc_lgl": ("specialized_advice",),
    "prv": ("privacy",),
    "ipv": ("intellectual_property",),
    "iwp": ("indiscriminate_weapons",),
    "hte": ("hate",),
    "ssh": ("suicide_self_harm",),
    "sxc_prn": ("sexual_content",),
}

# VSCBench's released files spell one category "porngraphy"; the right spelling is read too.
VSCBENCH: dict[str, tuple[str, ...]] = {
    "violence": ("violent_crimes", "indiscriminate_weapons"),
    "drugs": ("non_violent_crimes", "specialized_advice", "suicide_self_harm"),
    "illegal_activity": ("non_violent_crimes", "privacy", "intellectual_property"),
    "religion": ("hate", "defamation"),
    "porngraphy": ("sexual_content", "sex_related_crimes"),
    "pornography": ("sexual_content", "sex_related_crimes"),
    "discrimination": ("hate",),
}

# XSTest: only the types whose subject is itself a hazard; the rest are figures of speech.
XSTEST: dict[str, tuple[str, ...]] = {
    "homonyms": (),
    "contrast_homonyms": (),
    "figurative_language": (),
    "contrast_figurative_language": (),
    "safe_targets": (),
    "contrast_safe_targets": (),
    "safe_contexts": (),
    "contrast_safe_contexts": (),
    "definitions": (),
    "contrast_definitions": (),
    "real_group_nons_discr": ("hate",),
    "nons_group_real_discr": ("hate",),
    "contrast_discr": ("hate",),
    "historical_events": ("violent_crimes",),
    "contrast_historical_events": ("violent_crimes",),
    "privacy_public": ("privacy",),
    "privacy_fictional": ("privacy",),
    "contrast_privacy": ("privacy",),
}

FOREIGN: dict[str, dict[str, tuple[str, ...]]] = {
    "ailuminate": AILUMINATE,
    "vscbench": VSCBENCH,
    "xstest": XSTEST,
}


def hazard(name: str) -> Hazard:
    """The hazard of a slug (`violent_crimes`), key (`vcr`) or code (`S1`).

    Raises:
        UnknownNameError: lists the twelve slugs.
    """
    if name in _BY_SLUG:
        return _BY_SLUG[name]
    if name in _BY_KEY:
        return _BY_KEY[name]
    for h in HAZARDS:
        if h.code == name:
            return h
    raise UnknownNameError("hazard", name, SLUGS)


def from_foreign(benchmark: str, label: str) -> tuple[str, ...]:
    """Slugs that `label` of `benchmark` ("ailuminate", "vscbench", "xstest") can stand for.

    Returns:
        Zero or more slugs; the first is the closest.

    Raises:
        UnknownNameError: no such benchmark, or no such label in it.
    """
    if benchmark not in FOREIGN:
        raise UnknownNameError("benchmark", benchmark, FOREIGN)
    labels = FOREIGN[benchmark]
    if label not in labels:
        raise UnknownNameError(f"{benchmark} label", label, labels)
    return labels[label]


def to_foreign(benchmark: str, name: str) -> tuple[str, ...]:
    """Labels of `benchmark` that can stand for the hazard `name`; the reverse of the above."""
    if benchmark not in FOREIGN:
        raise UnknownNameError("benchmark", benchmark, FOREIGN)
    slug = hazard(name).slug
    return tuple(label for label, slugs in FOREIGN[benchmark].items() if slug in slugs)
