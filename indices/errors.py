"""What can be wrong with an index and its inputs, one class a cause.

In: the codes, columns and figures at fault. Out: errors that name the rule and what to do. Every
class derives from `geo.errors.CommonGroundError`; several faults of one input come together.
"""

from __future__ import annotations

from boundaries.errors import OptionUnknown, VintageMismatch
from geo.errors import CommonGroundError

__all__ = ["OptionUnknown", "VintageMismatch"]  # the same causes one floor below


class UnknownDefinition(CommonGroundError):
    """No shipped definition and no file has this name."""

    rule = "an index definition is the name of a shipped one or the path of a TOML file"
    remedy = "Name one of the definitions listed, or give the path of a file that exists."


class DefinitionUnreadable(CommonGroundError):
    """The definition file is not TOML."""

    rule = "an index definition must be a readable TOML file"
    remedy = "Mend the line named."


class DefinitionFault(CommonGroundError):
    """A key of a definition is unknown, missing or of the wrong kind."""

    rule = "an index definition must have the keys and kinds of value its schema names"
    remedy = "Correct the key named; docs/methods/indices.md lists them all."


class DuplicateIds(CommonGroundError):
    """Two domains, sub-domains or indicators of one definition share an id."""

    rule = "ids inside a definition must be unique"
    remedy = "Give each domain, sub-domain and indicator an id of its own."


class WeightsDoNotAddUp(CommonGroundError):
    """The weights of a definition do not add up to the total it states."""

    rule = "weights must add up to the stated total"
    remedy = (
        "Correct the weights, or state their published sum as weights_total: official weights that "
        "add up to 0.999 are used as they are."
    )


class EmptyIndexData(CommonGroundError):
    """There is no area at all."""

    rule = "an index needs at least one area"
    remedy = "Give a table with one row for each area."


class CodesNotText(CommonGroundError):
    """Area codes are numbers, or a row has no code."""

    rule = "area codes must be non-empty text"
    remedy = "Read the code column as text, so that leading zeros survive, and fill the gaps."


class DuplicateCodes(CommonGroundError):
    """An area stands in the table more than once."""

    rule = "each area code must appear once"
    remedy = "Remove the repeated rows, or add them up first."


class MissingDomainColumn(CommonGroundError):
    """A domain of the definition has no column in the data."""

    rule = "the data must have one column for each domain, named by the domain's id"
    remedy = "Rename or add the columns named; other columns are ignored."


class NotANumber(CommonGroundError):
    """A column that must hold numbers holds something else."""

    rule = "values must be finite numbers"
    remedy = "Correct the values named; leave a cell empty where a value is missing."


class MissingDomainValue(CommonGroundError):
    """An area has no value in a domain."""

    rule = "every area needs a value in every domain"
    remedy = "Fill the value, or leave the area out of the whole edition and say so."


class NotARanking(CommonGroundError):
    """A column given as ranks is no ranking of the edition's areas."""

    rule = "ranks must be a ranking of the edition's areas, 1 the worst, where only ties leave gaps"
    remedy = (
        "Use the ranks as published for the whole edition; for scores or local ranks build the "
        "index from scores, or with a definition of its own."
    )


class RankOutOfRange(CommonGroundError):
    """A rank lies outside 1..N."""

    rule = "ranks must lie between 1 and the number of areas of the edition"
    remedy = "Check that the ranks and the number of areas belong to the same edition."


class IncompleteEdition(CommonGroundError):
    """An overall rank, a decile or a ranking was asked of a part of an edition."""

    rule = "overall ranks and deciles exist only for the complete edition"
    remedy = (
        "Give every area of the edition, or the published overall ranks (published_ranks); for the "
        "areas at hand use the scores and local_rank."
    )


class EditionMismatch(CommonGroundError):
    """The number of areas given is not that of the edition."""

    rule = "the number of areas belongs to the edition"
    remedy = "Use the definition of the edition the data come from, and leave n out."


class PopulationFault(CommonGroundError):
    """A population is missing, negative or no number."""

    rule = "every area summarised needs a population of zero or more"
    remedy = "Give a population for each area named, in the domain's own denominator."


class UnplacedAreas(CommonGroundError):
    """Areas of the index lie in no higher area."""

    rule = "every area of the index must lie in a higher area"
    remedy = "Complete the lookup, or say unplaced='report' to leave them out and have them named."


class PartlyIndexedArea(CommonGroundError):
    """A higher area holds small areas that the index does not have."""

    rule = "a higher area can be summarised only where all its small areas are in the index"
    remedy = (
        "Give the index for all of them, or say partial='report' to summarise the part at hand."
    )


class TooFewIndicators(CommonGroundError):
    """One factor cannot be found from fewer than three indicators."""

    rule = "one factor needs at least three indicators"
    remedy = "Add indicators, or weight these equally."


class ConstantIndicator(CommonGroundError):
    """An indicator is the same everywhere, or missing wherever the others are known."""

    rule = "an indicator must differ between areas"
    remedy = "Leave the indicator out, or check the column it was read from."


class NotOneFactor(CommonGroundError):
    """Indicators have no common factor that can be estimated."""

    rule = "the indicators must share one factor, and none may repeat the others"
    remedy = "Leave out repeated or unrelated indicators, or weight them equally."


class WeightsUnstable(UserWarning):
    """Weights from a factor model that a reader should not take as they are."""


class NumeratorAboveDenominator(CommonGroundError):
    """More events are counted than there are people who could have them."""

    rule = "a numerator must not exceed its denominator"
    remedy = "Check that both are of the same year, area and population."


class NegativeCount(CommonGroundError):
    """A count is below zero."""

    rule = "counts must be zero or more"
    remedy = "Correct the counts; where a negative code stands for a hidden value, leave it empty."


class ZeroDenominator(CommonGroundError):
    """A rate was asked where nobody could have the event."""

    rule = "a rate needs a denominator above zero"
    remedy = "Leave the numerator of these areas empty, so that their rate is missing."


class DisclosureRuleFault(CommonGroundError):
    """A disclosure rule is unknown, or the file that holds the rules breaks its schema."""

    rule = "a disclosure rule must be one of the named ones and have the keys of its schema"
    remedy = "Name a rule that exists, or correct indices/parameters/disclosure.toml."


class NotACount(CommonGroundError):
    """A count is not whole."""

    rule = "counts must be whole numbers"
    remedy = "Give counts of people or events, not rates or estimates."


class IndicatorFault(CommonGroundError):
    """A key of an indicator is unknown, missing, of the wrong kind, or unfit for its kind."""

    rule = "an indicator must have the keys and columns that its kind asks for"
    remedy = "Correct the key named; docs/methods/indices.md lists them all."


class UnknownIndicator(CommonGroundError):
    """A domain is made from an indicator that nobody has defined."""

    rule = "every indicator of a domain must be defined"
    remedy = "Add it under [[indicators]], or correct its id."


class MixedVintages(CommonGroundError):
    """Indicators of one index belong to areas of different vintages."""

    rule = "all indicators of an index must be of one vintage of areas, that of its layer"
    remedy = "Bring the others to the same areas through a crosswalk, and say so in their vintage."


class MissingIndicatorColumn(CommonGroundError):
    """A column that an indicator is made from is not in the data."""

    rule = "the data must have the columns that each indicator names"
    remedy = "Rename or add the columns named; other columns are ignored."


class AllMissing(CommonGroundError):
    """An indicator has no value anywhere."""

    rule = "an indicator needs a value somewhere"
    remedy = "Check the column it was read from, or leave the indicator out."


class OutOfUnit(CommonGroundError):
    """A value lies outside what its unit can be."""

    rule = "values in % lie between 0 and 100, shares between 0 and 1"
    remedy = "Correct the values, or the unit of the indicator."


class MixedScales(CommonGroundError):
    """Percentages seem to be given as 0 to 1 for some areas or all of them."""

    rule = "percentages must be given on one scale, 0 to 100"
    remedy = (
        "Multiply the values named with 100, give the unit as 'share', or say scale_checked = true "
        "where they are right."
    )


class TooFewAreas(CommonGroundError):
    """Something was standardised over a single area."""

    rule = "values can be standardised only over two areas or more"
    remedy = "Give the other areas of the edition as well."


class NotPositive(CommonGroundError):
    """A geometric or Mazziotta-Pareto mean was asked of figures that are not above zero."""

    rule = "geometric and Mazziotta-Pareto means need figures above zero"
    remedy = "Bring the indicators to a scale first (normalise), or take the arithmetic mean."


class DirectionDoubtful(UserWarning):
    """An indicator that runs against the others of its domain: its direction may be wrong."""


class UnknownAreas(CommonGroundError):
    """Areas were asked for that the index does not have."""

    rule = "areas asked for must be areas of the index"
    remedy = "Check the codes and their vintage against those of the index."
