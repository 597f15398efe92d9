{{ config(materialized='table',
    unlogged=(var('turn') in (1, 3)),
    indexes=[{'columns': ['id'], 'unique': true}] + ([{'columns': ['name', 'id'], 'type': 'btree'}, {'columns': ['name'], 'type': 'hash'}] if var('turn') > 1 else []),
    grants={'select': ['reader', 'writer'], 'insert': ['writer']} if var('turn') == 1 else {'select': ['public', 'reader']},
    pre_hook=note('kept in 1'),
    post_hook=[note('kept in 2'), {'sql': note('kept after'), 'transaction': false}, "{{ note('kept in 3, ' ~ this.name) }}"]) }}
select * from {{ ref('people') }}
