"""Names for the demo place. All are invented; none is the name of an English district.

In: nothing. Out: names of the place, its agencies, quarters, villages and practices.
"""

from __future__ import annotations

PLACE = "Wethermere"
COUNTY = "Tarrowshire"
AUTHORITIES = (PLACE, "Harlestow", "Linsey", "Caldersby")
CONSORTIA = ("Upper Tarrow Health Consortium", "Lower Tarrow Health Consortium")
PARTNERSHIPS = ("Tarrow Vale Enterprise Partnership", "Linsey Coast Enterprise Partnership")
POLICE_UNITS = ("Wethermere Central and North", "Wethermere South and Caldersby")
FORUMS = (
    "Ravensmead Forum",
    "Old Town Neighbourhood Forum",
    "Hartle Town Council",
    "Coppins Forum",
)

# Quarters of the main town, by the kind of land that most of their homes stand on.
QUARTERS = {
    "centre": ("Castle Ditch", "Cornmarket", "Bridge End"),
    "terraces": (
        "Tannery Bank", "Foundry Row", "Albion Road", "Alma Street", "Ropewalk", "Gasworks Lane",
        "Jubilee", "Inkerman", "Lantern Street", "Weavers Yard", "St Oswin's", "Chandlers Row",
    ),
    "estate": ("Ravensmead", "Ravensmead East", "Coppins", "Ravensmead Park", "Coppins Green"),
    "inner": (
        "Victoria Park", "Grange Road", "Mill Hill", "St Hilda's", "Parkside", "Station Road",
        "Almshouse Lane", "Beacon Street", "Priory", "Cattle Market", "Paradise Row", "Quarry Hill",
    ),
    "suburb": (
        "Larkfield", "Beechcroft", "Hollin Bank", "Eastlea", "Westlea", "Coldwell", "Fernhill Rise",
        "Orchard Rise", "Thornlea", "Bracken Hill", "Swallow Down", "Longacre", "Meadowgate",
        "Heron's Reach", "Rookery Wood", "Sandygate", "Nether Field", "Kiln Lane", "Warren Hill",
    ),
    "new homes": ("Skylark Meadows", "Skylark Rise"),
    "riverside": ("Riverside", "Staithes"),
    "works": ("Dyeworks", "Old Wharf"),
    "green": ("Long Common", "Deer Park"),
}  # fmt: skip

COMPASS = ("North", "East", "South", "West", "Central", "Town", "Upper", "Lower")

VILLAGES = (
    "Aldermarsh", "Amblethorn", "Askendale", "Barrowmere", "Beckering", "Birkenshaw Wold",
    "Blackholme", "Braithley", "Brindlesby", "Burnhallow", "Calverthorn", "Carrowby", "Chantrey",
    "Clevering", "Cold Harrow", "Copsley Green", "Crakemere", "Cuddington Wold", "Dallowby",
    "Denholt", "Dunnowby", "Eddlesthorpe", "Elmerstow", "Ermeley", "Fallowthorpe", "Fenhallow",
    "Fossingley", "Garrowby Dale", "Gildersthorpe", "Great Ottering", "Grimsley Wold", "Hagthorn",
    "Hallowby", "Harrowmere", "Hawksdale", "Hethering", "High Lathe", "Holmering", "Ingthorn",
    "Kelderby", "Kettlesworth", "Kirk Hallow", "Langmere", "Little Ottering", "Lowick Marsh",
    "Maplesby", "Marlowby", "Mickleholt", "Mossthorpe", "Nether Lathe", "Newstow", "Northolme Wold",
    "Oakerby", "Orrowdale", "Ousterby", "Pennithorn", "Quarrendale", "Ramsholt Wold", "Rathering",
    "Rowanby", "Sallowthorpe", "Scarholme", "Sedgering", "Skelmerby", "Sowerdale", "Stainmarsh",
    "Swarthby", "Thackmere", "Thorley Wold", "Tollerby", "Ulverdale", "Wardlow Moor", "Wassenby",
    "Whinnerley", "Wrangthorpe", "Yarrowholme",
)  # fmt: skip

PRACTICES = (
    "Castle Ditch Medical Centre", "The Ropewalk Surgery", "Albion Road Practice",
    "Victoria Park Surgery", "Ravensmead Health Centre", "Coppins Family Practice",
    "Beechcroft Surgery", "Larkfield Medical Practice", "Eastlea Surgery", "Longacre Practice",
    "Hartle Market Surgery", "Harlestow Medical Group", "Linsey Bridge Surgery",
    "Caldersby Practice", "Moorside Rural Surgery", "St Oswin's Surgery",
)  # fmt: skip
