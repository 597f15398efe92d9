{#
  An incremental model. The first run, a full refresh, and a view in the target's place build the whole table; every
  other run selects the new rows into a temporary table and hands both to the strategy.
#}

{%- materialization incremental, default -%}
  {%- set existing_relation = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}
  {%- set temp_relation = make_temp_relation(target_relation) -%}
  {%- set intermediate_relation = make_intermediate_relation(target_relation) -%}
  {%- set backup_type = 'table' if existing_relation is none else existing_relation.type -%}
  {%- set backup_relation = make_backup_relation(target_relation, backup_type) -%}

  {%- set unique_key = config.get('unique_key') -%}
  {%- set full_refresh = should_full_refresh() or (existing_relation is not none and existing_relation.is_view) -%}
  {%- set on_schema_change = incremental_validate_on_schema_change(config.get('on_schema_change'), default='ignore') -%}
  {%- set grant_config = config.get('grants') -%}

  {%- do drop_relation_if_exists(load_cached_relation(intermediate_relation)) -%}
  {%- do drop_relation_if_exists(load_cached_relation(backup_relation)) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {#- Looked up on every run: a strategy that does not exist shall not first be noticed on the second. -#}
  {%- set strategy = config.get('incremental_strategy') or 'default' -%}
  {%- set strategy_macro = adapter.get_incremental_strategy_macro(context, strategy) -%}

  {%- set to_drop = [] -%}
  {%- set swap = false -%}
  {%- if existing_relation is none -%}
    {%- set build_sql = get_create_table_as_sql(False, target_relation, sql) -%}
    {%- set created_relation = target_relation -%}

  {%- elif full_refresh -%}
    {%- set build_sql = get_create_table_as_sql(False, intermediate_relation, sql) -%}
    {%- set created_relation = intermediate_relation -%}
    {%- set swap = true -%}

  {%- else -%}
    {%- do run_query(get_create_table_as_sql(True, temp_relation, sql)) -%}
    {#- Under a contract the declared types are the types: nothing is widened behind its back. -#}
    {%- if not config.get('contract').enforced -%}
      {%- do adapter.expand_target_column_types(from_relation=temp_relation, to_relation=target_relation) -%}
    {%- endif -%}

    {%- set dest_columns = process_schema_changes(on_schema_change, temp_relation, existing_relation)
                           or adapter.get_columns_in_relation(existing_relation) -%}
    {%- set build_sql = strategy_macro({
        'target_relation': target_relation,
        'temp_relation': temp_relation,
        'unique_key': unique_key,
        'dest_columns': dest_columns,
        'incremental_predicates': config.get('predicates', none) or config.get('incremental_predicates', none)
    }) -%}
    {%- set created_relation = none -%}
  {%- endif -%}

  {%- call statement('main') -%}
    {{ build_sql }}
  {%- endcall -%}

  {%- if created_relation is not none -%}
    {%- do create_indexes(created_relation) -%}
  {%- endif -%}
  {#- Before a swap, which keeps readers waiting until the transaction ends. -#}
  {%- call adapter.pass_gate(intermediate_relation if swap else none) -%}

  {%- if swap -%}
    {#- Asked again: the cascade of a drop may have removed it. -#}
    {%- set existing_relation = load_cached_relation(existing_relation) -%}
    {%- if existing_relation is not none -%}
      {%- do adapter.rename_relation(target_relation.incorporate(type=existing_relation.type), backup_relation) -%}
      {%- do to_drop.append(backup_relation) -%}
    {%- endif -%}
    {%- do adapter.rename_relation(intermediate_relation, target_relation) -%}
  {%- endif -%}

  {%- set revoke = should_revoke(existing_relation, full_refresh_mode=swap) -%}
  {%- do apply_grants(target_relation, grant_config, should_revoke=revoke) -%}
  {%- do persist_docs(target_relation, model) -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {{ adapter.commit() }}

  {%- for relation in to_drop -%}
    {%- do adapter.drop_relation(relation) -%}
  {%- endfor -%}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {%- endcall -%}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
