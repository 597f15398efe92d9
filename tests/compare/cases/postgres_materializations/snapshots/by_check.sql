{% snapshot by_check %}
{{ config(unique_key='id', strategy='check', check_cols=['name', 'share'], updated_at='at', grants={'select': ['reader'] if var('turn') == 1 else ['writer']},
   hard_deletes='invalidate' if 'check' == 'check' else 'new_record', post_hook=note('snapped'),
   indexes=[{'columns': ['id']}]) }}
select id, case id when 1 then name || {{ var('turn') }} else name end as name, share, '2024-01-01'::timestamp + interval '1 day' * (case id when 1 then {{ var('turn') }} else 1 end) as at{% if var('turn') > 1 %}, 'new' as later{% endif %}
from {{ ref('people') }} where id <> {{ 3 if var('turn') == 2 else 0 }}
{% endsnapshot %}
