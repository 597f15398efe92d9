select id{% if var('turn') == 4 %}::text as id{% endif %}, 'turn {{ var("turn") }}' as turn from {{ ref('over_kept') }}
