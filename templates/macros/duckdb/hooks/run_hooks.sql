{#
  As the general one, but without the `commit` before hooks outside a transaction: DuckDB refuses a commit when no
  transaction is open, and the adapter opens one only for statements that ask for it.
#}

{% macro run_hooks(hooks, inside_transaction=True) %}
  {%- if not inside_transaction and adapter.run_later(hooks) -%}
    {{ return('') }}
  {%- endif -%}
  {%- for hook in hooks if hook.get('transaction', true) == inside_transaction -%}
    {%- set sql = render(hook.get('sql')) | trim -%}
    {%- if sql -%}
      {%- call statement(auto_begin=inside_transaction) -%}
        {{ sql }}
      {%- endcall -%}
    {%- endif -%}
  {%- endfor -%}
{% endmacro %}
