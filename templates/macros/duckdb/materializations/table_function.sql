{# A query with parameters, kept as a DuckDB table macro: `from my_model(1, 2)`. It is replaced in place. #}

{%- materialization table_function, adapter='duckdb' -%}
  {%- set target_relation = this.incorporate(type=this.Function) -%}
  {%- set parameters = config.get('parameters', []) -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {%- call statement('main') -%}
    create or replace function {{ target_relation.render() }}(
      {{ parameters if parameters is string else (parameters or []) | join(', ') }}
    ) as table (
      {{ sql }}
    );
  {%- endcall -%}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {%- do persist_docs(target_relation, model) -%}
  {{ adapter.commit() }}
  {{ run_hooks(post_hooks, inside_transaction=False) }}

  {{ return({'relations': [target_relation]}) }}
{%- endmaterialization -%}
