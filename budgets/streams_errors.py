"""Errors of the wide table of streams: one class a cause.

In: what was wrong, in which row. Out: a sentence that says what to do. The older and more general
classes stand in `budgets.errors`.
"""

from __future__ import annotations

from budgets.errors import BudgetError, NothingToShareBy


class UnknownTier(BudgetError):
    """A stream belongs to a tier that does not exist."""

    rule = "tier is empty or one of national, regional, county, single, district, parish"
    remedy = "Choose one: single is for councils that are both county and district."


class DateNotUnderstood(BudgetError):
    """A date is not written as one."""

    rule = "committed_until and next_decision are dates like 2026-03-31"
    remedy = "Write year, month and day with dashes; 31/03/2026 is refused rather than guessed at."


class TruthNotUnderstood(BudgetError):
    """A field that is yes or no holds something else."""

    rule = "demand_led is yes, no or empty"
    remedy = "Write yes or no."


class PriceBaseNotUnderstood(BudgetError):
    """A price base is neither cash nor the prices of a year."""

    rule = "price_base is empty, cash, or the financial year in whose prices the amount is"
    remedy = "Write cash, or a year like 2017-18."


class GrossNotUnderstood(BudgetError):
    """Gross, income and net amount do not go together."""

    rule = "gross and income are not negative, and gross - income is the amount"
    remedy = "Correct one of the three, or leave gross and income empty."


class OverheadTooLarge(BudgetError):
    """Overheads are negative, or more than the gross amount they are part of."""

    rule = "overhead is a part of gross: an amount, a per cent, or all"
    remedy = "Correct it, or leave it empty."


class PartNotUnderstood(BudgetError):
    """A part of an amount is neither an amount nor a per cent nor all."""

    rule = "a part of an amount is an amount, a per cent from 0 to 100 like 40%, or all"
    remedy = "Write for example 125000, 40% or all."


class PartsTooLarge(BudgetError):
    """What cannot move is negative or more than the stream holds."""

    rule = "ring_fenced + entitlement + committed is from 0 to the amount, and 0 for negative lines"
    remedy = "Correct the parts; money that is held twice over belongs in one of them."


class RingFenceWithoutPurpose(BudgetError):
    """Money is ring-fenced, but nothing says for what."""

    rule = "a ring-fence has a purpose"
    remedy = "Fill the column ring_fence, or empty ring_fenced and ring_fence_areas."


class UnknownService(BudgetError):
    """A line follows a stream that is not there, or is no service."""

    rule = "a negative line follows a stream of the table that is not negative and follows none"
    remedy = "Name the id of the service that the income, saving or recharge belongs to."


class OnlyNegativeFollows(BudgetError):
    """A positive line is to follow another."""

    rule = "only a negative line follows the shares of a service"
    remedy = "Empty the column follows and give the line a method of its own."


class FollowsOtherwise(BudgetError):
    """A line that follows a service states another split than the service has."""

    rule = "a line that follows a service has its method, use and covers"
    remedy = "Leave these fields of the line empty, or do not let it follow."


class NegativeByNeed(BudgetError):
    """A negative line would get need shares of its own."""

    rule = "a negative line never enters need shares"
    remedy = "Fill follows with the service it belongs to, or hold it place-wide."


class UnknownParent(BudgetError):
    """A line is the same pound as one that is not there."""

    rule = "transfer_of names another stream of the table, and both amounts are above nought"
    remedy = "Name the id of the line that pays this one, or leave transfer_of empty."


class TransferInCircle(BudgetError):
    """Transfers lead back to where they began."""

    rule = "a pound that is passed on comes to rest: transfers do not go round in a circle"
    remedy = "Empty transfer_of where the money starts."


class TransferTooLarge(BudgetError):
    """More is passed on than there was."""

    rule = "the lines that a stream pays add up to no more than the stream"
    remedy = "Correct the amounts; what a line gets from elsewhere is a line of its own."


class UseNotUnderstood(BudgetError):
    """The use by which a stream is split is not written as one."""

    rule = (
        "use names a column of the table of use (recorded, client-group, asset), or columns with "
        "a unit cost in pounds like visits@12.50;stays@410 (activity); other methods have none"
    )
    remedy = "Correct the column use or the method."


class UnknownUse(BudgetError):
    """A stream is split by a column that the place does not have."""

    rule = "a stream is split by a use that the place has counted in its base areas"
    remedy = "Add the column to the table of use ([use] in place.toml), or correct the name."


class UseNotUsable(BudgetError):
    """A count of use is missing, negative or infinite."""

    rule = "every base area has a count of use, 0 or more"
    remedy = "Complete the table of use; an area without use has 0."


class CoverWithoutUse(NothingToShareBy):
    """Nobody uses a service where its money is to be shared out."""

    rule = "there is some use in the areas a stream covers"
    remedy = "Check what the stream covers and the column of use, or choose another method."


class HouseholdsMissing(BudgetError):
    """Money is to be shared by households, and nobody counted them."""

    rule = "sharing by households needs the households of every base area"
    remedy = "Name their column in place.toml ([base] households), or share by people."


class AssetWithoutPlace(BudgetError):
    """Money is to be placed where an asset stands, and nothing says where that is."""

    rule = "asset money without a column of use covers areas of the base layer, where it is spent"
    remedy = "Cover the base areas in which the asset stands, or name a column of use."


class UnknownDeflator(BudgetError):
    """A year is not in the table of price indices."""

    rule = "real terms need the price index of both years"
    remedy = "Choose years of budgets/parameters/deflators.toml, or extend the table."
