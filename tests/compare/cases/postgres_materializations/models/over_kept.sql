{{ config(grants={'select': ['reader']} if var('turn') == 1 else ({'select': []} if var('turn') == 2 else {'select': ['"odd Name"']}),
    post_hook=[note('view in'), {'sql': note('view after'), 'transaction': false}]) }}
select id, name{% if var('turn') > 2 %}, share{% endif %} from {{ ref('kept') }}
