{#
  A table, from SQL or Python. The swap is two renames inside the transaction. Two things of the old table would stop
  its rename and are removed before it: its indexes, and foreign keys of other tables that refer to it.
#}

{%- materialization table, adapter='duckdb', supported_languages=['sql', 'python'] -%}
  {%- set language = model['language'] -%}
  {%- set existing_relation = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
  {%- set backup_type = 'table' if existing_relation is none else existing_relation.type -%}
  {%- set backup_relation = make_backup_relation(target_relation, backup_type) -%}
  {%- set grant_config = config.get('grants') -%}

  {%- do drop_relation_if_exists(load_cached_relation(intermediate_relation)) -%}
  {%- do drop_relation_if_exists(load_cached_relation(backup_relation)) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- set partitioned_by = duckdb__get_partitioned_by(target_relation, False) -%}
  {%- set sorted_by = duckdb__get_sorted_by(target_relation, False) -%}

  {%- call statement('main', language=language) -%}
    {{ create_table_as(False, intermediate_relation, compiled_code, language, partitioned_by, sorted_by) }}
  {%- endcall -%}

  {#- Asked again: a hook, or the cascade of a drop, may have removed it. -#}
  {%- if existing_relation is not none -%}
    {%- set existing_relation = load_cached_relation(existing_relation) -%}
    {%- if existing_relation is not none -%}
      {%- do release_for_rename(existing_relation) -%}
      {%- do adapter.rename_relation(existing_relation, backup_relation) -%}
    {%- endif -%}
  {%- endif -%}
  {%- do adapter.rename_relation(intermediate_relation, target_relation) -%}
  {%- do create_indexes(target_relation) -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}

  {%- set revoke = should_revoke(existing_relation, full_refresh_mode=True) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}

  {{ adapter.commit() }}

  {%- if existing_relation is not none -%}
    {%- do drop_relation_if_exists(backup_relation) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}


{# Removes from an existing table what would stop its rename. #}
{% macro release_for_rename(relation) %}
  {%- if relation.is_table -%}
    {%- do drop_indexes_on_relation(relation) -%}
    {%- if may_be_foreign_key_target() -%}
      {%- do drop_foreign_key_dependents(relation) -%}
    {%- endif -%}
  {%- endif -%}
{% endmacro %}
