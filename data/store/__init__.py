"""What people save: scenarios with every version, comments, files, drafts, and who did what when.

In: texts and names. Out: records. `Store` is the whole face of it; docs/store.md says the rules.
"""

from data.store.store import Store as Store
