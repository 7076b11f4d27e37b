"""Errors of the money floor: one class a cause.

In: what was wrong, in which file and row. Out: a sentence that says what to do. Every class
derives from `geo.errors.CommonGroundError`.
"""

from __future__ import annotations

from geo.errors import CommonGroundError


class BudgetError(CommonGroundError):
    """Base of what the money floor refuses."""


# ---------------------------------------------------------------------------------- amounts


class AmountNotUnderstood(BudgetError):
    """An amount is text, or is written so that it could be read in two ways."""

    rule = "an amount is a number with commas between thousands and a point before pence"
    remedy = (
        "Write it like 1234567.89, 1,234,567.89 or -£1,234.50; 1.234,50, 12,34, 1.234 in pounds, "
        "other currencies and words are refused rather than guessed at."
    )


class AmountMissing(BudgetError):
    """An amount is empty or not a number (NaN)."""

    rule = "every amount is given"
    remedy = "Give the amount, or 0 if there is none."


class AmountTooLarge(BudgetError):
    """An amount is beyond what can be held exactly."""

    rule = "an amount is at most 10^15 pence (ten trillion pounds) either way"
    remedy = "Check the unit: pounds read as thousands are a thousand times too large."


class UnknownUnit(BudgetError):
    """The unit of an amount is none that is known."""

    rule = "the unit of an amount is pounds, thousands (of pounds) or pence"
    remedy = "Name one of the three."


class NegativeWithoutReason(BudgetError):
    """A negative amount does not say why it is negative."""

    rule = "a negative amount has a reason (income, saving, recharge, clawback ...)"
    remedy = "Fill the column reason, or correct the sign."


# ---------------------------------------------------------------------------------- sharing


class NothingToShareBy(BudgetError):
    """Every weight of a group is zero, so that its money has nowhere to go."""

    rule = "money is shared by weights of which at least one is above zero"
    remedy = "Give a weight (people, need) to at least one area, or hold the money place-wide."


class WeightsNotUsable(BudgetError):
    """A weight is negative, infinite or not a number."""

    rule = "weights are finite and not negative"
    remedy = "Correct the people, scores or shares the weights were made from."


class PenceLost(BudgetError):
    """A sharing-out did not add up; this is a defect of the program, not of the input."""

    rule = "shared amounts add up to what was shared, to the penny"
    remedy = "Nothing was written. Please report this together with the input."


class LedgerImbalance(PenceLost):
    """A ledger or a level of it does not add up to its pot."""

    rule = "areas + outside + place-wide = amount, for every stream, to the penny"


# ------------------------------------------------------------------------- tables of streams


class StreamsFileMissing(BudgetError):
    """The file of streams is not there."""

    rule = "the table of streams is a file that can be opened"
    remedy = "Check the path."


class StreamsUnreadable(BudgetError):
    """The table of streams cannot be read as CSV or XLSX."""

    rule = "the table of streams is CSV in UTF-8, with one header line, or XLSX"
    remedy = "Save the table again as CSV UTF-8 or as XLSX."


class RowTooLong(StreamsUnreadable):
    """A row has more or fewer fields than the header."""

    rule = "every row has as many fields as the header"
    remedy = 'Put amounts with commas in quotes ("1,234.50") and complete short rows.'


class NoStreams(BudgetError):
    """The table has a header and nothing else."""

    rule = "the table of streams has at least one row"
    remedy = "Add the streams."


class StreamColumnsMissing(BudgetError):
    """A column is missing."""

    rule = "the table of streams has all its columns"
    remedy = "Add them; docs/methods/budgets.md lists what each holds."


class StreamColumnTwice(BudgetError):
    """A column appears twice."""

    rule = "each column of the table of streams appears once"
    remedy = "Remove or rename one of the two."


class EmptyStreamField(BudgetError):
    """A field that every stream needs is empty."""

    rule = "id, title, agency and year of every stream are filled in"
    remedy = "Fill them in."


class DuplicateStream(BudgetError):
    """Two streams have the same id."""

    rule = "every stream has an id of its own"
    remedy = "Rename one, or remove the row that was entered twice."


class UnknownMethod(BudgetError):
    """A stream is to be split by a method that does not exist."""

    rule = (
        "method is one of recorded, activity, client-group, need, people, households, asset, "
        "place-wide"
    )
    remedy = "Choose one of them."


class UnknownGrade(BudgetError):
    """A stream has a grade that does not exist."""

    rule = "grade is one letter from A (recorded where people live) to G (cannot be apportioned)"
    remedy = "Choose one, or leave the field empty: the grade then follows from the method."


class GradeNotEarned(BudgetError):
    """A grade claims another kind of evidence than the method of the same stream gives."""

    rule = (
        "the grade follows from the method: recorded A, activity B, client-group C, need D, "
        "people E, households E, asset F, place-wide G"
    )
    remedy = "Correct the grade or the method, or leave the grade empty."


class UnknownKind(BudgetError):
    """A stream is of a kind that does not exist."""

    rule = "kind is one of revenue, capital, housing account, benefit"
    remedy = "Choose one of them."


class UnknownStatus(BudgetError):
    """A stream has a status that does not exist."""

    rule = "status is one of budget, forecast, outturn"
    remedy = "Choose one of them."


class YearNotUnderstood(BudgetError):
    """A financial year is not written as one."""

    rule = "year is a financial year like 2017-18, or a calendar year like 2018"
    remedy = "Write it so, as text (a spreadsheet may have turned it into a date)."


class CoversNotUnderstood(BudgetError):
    """The areas a stream covers are not written as layer:code."""

    rule = "covers lists areas as layer:code;layer:code, or layer:* for all areas of a layer"
    remedy = "Write for example ltla21:E06000023, or wd25:E05008945;wd25:E05008946."


class UnknownLayer(BudgetError):
    """A stream names a layer that the place does not have."""

    rule = "a stream covers, and is held at, layers that the place has"
    remedy = "Correct the layer id, or add the layer to place.toml."


class UnknownArea(BudgetError):
    """A stream covers an area that its layer does not have."""

    rule = "a stream covers areas that exist in their layer"
    remedy = "Correct the code, or use the layer of the vintage the code belongs to."


# ----------------------------------------------------------------------- need and apportioning


class ParameterOutOfRange(BudgetError):
    """A parameter is outside the range in which it means something."""

    rule = "the parameter lies within its range"
    remedy = "Choose a value within the range."


class PeopleNotUsable(BudgetError):
    """People of an area are missing, negative or infinite."""

    rule = "every base area has a number of people, 0 or more"
    remedy = "Complete the table of people; an area where nobody lives has 0."


class NeedMissing(BudgetError):
    """An area with people has no score, though money is to be shared by need."""

    rule = "every base area with people has a need score"
    remedy = "Complete the scores, or share the money by people."


class CoverWithoutPeople(NothingToShareBy):
    """Nobody lives where a stream is to be shared out."""

    rule = "somebody lives in the areas a stream covers"
    remedy = "Check what the stream covers, or hold it place-wide."


class CoverBeyondBase(BudgetError):
    """A stream covers land that the base layer does not reach."""

    rule = "the base layer reaches as far as the areas of every stream, within the tolerance"
    remedy = "Extend the base layer over the whole of these areas, or raise the tolerance."


class AreasDoNotMatch(BudgetError):
    """Two tables that must list the same areas do not."""

    rule = "people, scores, flags and crosswalks list the same base areas"
    remedy = "Bring the tables to the same areas."


class ParentMissing(BudgetError):
    """An area of a level has no parent to be rolled up into."""

    rule = "every area of the level has one parent"
    remedy = "Complete the table of child and parent."


class ParentTwice(BudgetError):
    """An area of a level stands twice in the table of children and parents."""

    rule = "every area of the level stands once in the table of child and parent"
    remedy = "Remove the second row; an area that lies in two parents does not nest."


# -------------------------------------------------------------------------- rules of sharing


class InfeasibleLimits(BudgetError):
    """Limits that cannot all be kept; `limit` names the one that breaks, `nearest` what can be."""

    rule = "limits can be kept with the money there is"
    remedy = "Set the limit to the nearest feasible value, or change the total."


class FloorTooHigh(InfeasibleLimits):
    """The floors add up to more than there is."""

    rule = "the floors add up to no more than the total"


class CeilingTooLow(InfeasibleLimits):
    """The ceilings add up to less than there is."""

    rule = "the ceilings leave room for the whole total"


class GrowthTooHigh(InfeasibleLimits):
    """A promised growth costs more than there is."""

    rule = "the growth that is promised can be paid from the total"


class CapTooLow(InfeasibleLimits):
    """A cap on yearly growth leaves new money that nobody may take."""

    rule = "areas below target may together grow by as much as there is new money"


class MinimumTooHigh(InfeasibleLimits):
    """No area can be given the smallest amount that is worth having."""

    rule = "the total pays for at least one viable amount"


class LimitsCross(BudgetError):
    """A ceiling lies below the floor of the same area."""

    rule = "the ceiling of an area is not below its floor"
    remedy = "Raise the ceiling or lower the floor of these areas."


class GrowthOnly(BudgetError):
    """Convergence was asked for on a total that falls."""

    rule = "convergence shares out new money only, and nobody is cut: the total must not fall"
    remedy = "For a falling total use floor damping with a floor below nought, or the growth taper."


class FiguresNotUsable(BudgetError):
    """Amounts, targets, needs or limits that are negative, infinite or missing."""

    rule = "amounts, targets, needs and limits are numbers, 0 or more"
    remedy = "Complete or correct these figures."


class MarginsDiffer(BudgetError):
    """The totals of rows and of columns are not the same money."""

    rule = "the row totals and the column totals add up to the same"
    remedy = "Correct one of the two lists of totals."


class RakingInfeasible(InfeasibleLimits):
    """Structural zeros stand in the way of the totals."""

    rule = "the cells that may hold money can hold every row and column total"
    remedy = "Allow money in one of the empty cells of these rows, or change the totals."


class RakingNotConverged(BudgetError):
    """Raking came no closer to the totals within its rounds."""

    rule = "raking reaches the totals within its rounds"
    remedy = "Allow more rounds, or a larger tolerance."
