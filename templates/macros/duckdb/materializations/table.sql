{#
  A table, from SQL or Python. The swap is two renames inside the transaction. Two things of the old table would stop
  its rename and are removed before it: its indexes, and foreign keys of other tables that refer to it. A table with
  foreign keys of its own cannot be renamed at all: it is dropped and made in place, in the same transaction.
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

  {%- set in_place = has_foreign_key_constraints(existing_relation) -%}
  {%- set aside = [] -%}
  {%- if in_place and existing_relation is not none -%}
    {%- set aside = drop_relation_for_rebuild(existing_relation) -%}
  {%- endif -%}

  {%- call statement('main', language=language) -%}
    {{ create_table_as(
        False, target_relation if in_place else intermediate_relation, compiled_code, language, partitioned_by, sorted_by) }}
  {%- endcall -%}

  {%- if not in_place -%}
    {#- Asked again: a hook, or the cascade of a drop, may have removed it. -#}
    {%- if existing_relation is not none -%}
      {%- set existing_relation = load_cached_relation(existing_relation) -%}
      {%- if existing_relation is not none -%}
        {%- set aside = release_for_rename(existing_relation) -%}
        {%- do adapter.rename_relation(existing_relation, backup_relation) -%}
      {%- endif -%}
    {%- endif -%}
    {%- do adapter.rename_relation(intermediate_relation, target_relation) -%}
  {%- endif -%}
  {%- do restore_foreign_key_dependents(aside) -%}
  {%- do create_indexes(target_relation) -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}

  {%- set revoke = should_revoke(existing_relation, full_refresh_mode=True) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}

  {{ adapter.commit() }}

  {%- if existing_relation is not none and not in_place -%}
    {%- do drop_relation_if_exists(backup_relation) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}


{# Removes from an existing table what would stop its rename. Returns what stepped aside. #}
{% macro release_for_rename(relation) %}
  {%- if not relation.is_table -%}
    {{ return([]) }}
  {%- endif -%}
  {%- do drop_indexes_on_relation(relation) -%}
  {{ return(drop_foreign_key_dependents(relation) if may_be_foreign_key_target(relation) else []) }}
{% endmacro %}
