{#
  A view. The new definition is created under the intermediate name first, so that a query that does not work leaves
  the old view as it is; then both change names within one transaction, unless the engine can replace the old one where
  it stands and what depends on it would fall otherwise.
#}

{%- materialization view, default -%}
  {%- set existing_relation = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='view') -%}
  {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
  {%- set backup_type = 'view' if existing_relation is none else existing_relation.type -%}
  {%- set backup_relation = make_backup_relation(target_relation, backup_type) -%}
  {%- set grant_config = config.get('grants') -%}

  {#- Whatever a crashed run left behind goes first; it is in nobody's way until a rename needs its name. -#}
  {%- set leftover_intermediate = load_cached_relation(intermediate_relation) -%}
  {%- set leftover_backup = load_cached_relation(backup_relation) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {%- do drop_relation_if_exists(leftover_intermediate) -%}
  {%- do drop_relation_if_exists(leftover_backup) -%}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- call statement('main') -%}
    {{ get_create_view_as_sql(intermediate_relation, sql) }}
  {%- endcall -%}

  {#- Before the swap, which keeps readers waiting until the transaction ends. -#}
  {%- call adapter.pass_gate(intermediate_relation) -%}

  {#- Asked again: a hook, or the cascade of a drop, may have removed it. -#}
  {%- if existing_relation is not none -%}
    {%- set existing_relation = load_cached_relation(existing_relation) -%}
  {%- endif -%}
  {%- if existing_relation is none or not replace_view_in_place(existing_relation, intermediate_relation) -%}
    {%- if existing_relation is not none -%}
      {%- do adapter.rename_relation(existing_relation, backup_relation) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(intermediate_relation, target_relation) -%}
  {%- endif -%}

  {%- set revoke = should_revoke(existing_relation, full_refresh_mode=True) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}

  {%- if existing_relation is not none -%}
    {%- do drop_relation_if_exists(backup_relation) -%}
  {%- endif -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {%- endcall -%}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
