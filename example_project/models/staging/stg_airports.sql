select
    faa as airport_code,
    name as airport_name,
    lat as latitude,
    lon as longitude,
    alt as altitude_feet,
    -- the seed is loaded as it is, so its `NA` is still text here
    nullif(tzone, 'NA') as time_zone
from {{ ref('airports') }}
