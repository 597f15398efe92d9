{#
  Runs the hooks whose `transaction` flag equals `inside_transaction`, in order. A hook is rendered at this moment, so
  it sees what earlier statements did; one that renders to nothing is skipped. Before the first hook outside a
  transaction the open one is ended, because such hooks (`vacuum`, `create index concurrently`) may not run in one. Those
  of nodes that are published together wait for the end of their common transaction.
#}

{% macro run_hooks(hooks, inside_transaction=True) %}
  {%- if not inside_transaction and adapter.run_later(hooks) -%}
    {{ return('') }}
  {%- endif -%}
  {%- for hook in hooks if hook.get('transaction', true) == inside_transaction -%}
    {%- if loop.first and not inside_transaction -%}
      {%- call statement(auto_begin=inside_transaction) -%}
        commit;
      {%- endcall -%}
    {%- endif -%}

    {%- set sql = render(hook.get('sql')) | trim -%}
    {%- if sql -%}
      {%- call statement(auto_begin=inside_transaction) -%}
        {{ sql }}
      {%- endcall -%}
    {%- endif -%}
  {%- endfor -%}
{% endmacro %}
