import {
  AliasNode,
  AndNode,
  BinaryOperationNode,
  ColumnNode,
  type ColumnUpdateNode,
  DefaultInsertValueNode,
  type DeleteQueryNode,
  IdentifierNode,
  type InsertQueryNode,
  type JoinNode,
  ListNode,
  type OnConflictNode,
  OnNode,
  type OperationNode,
  OperationNodeTransformer,
  OperatorNode,
  ParensNode,
  type QueryId,
  type RawNode,
  ReferenceNode,
  type SelectQueryNode,
  TableNode,
  type UpdateQueryNode,
  ValueListNode,
  ValueNode,
  ValuesNode,
  WhereNode,
  type WithNode,
} from 'kysely'
import { KanpekiError } from '../../kernel/error.ts'
import { UNSCOPED_TABLES } from './tables.ts'

const SCOPE = 'scope'
const QUERY_KINDS: ReadonlySet<string> = new Set(['SelectQueryNode', 'InsertQueryNode', 'UpdateQueryNode', 'DeleteQueryNode'])
/** Raw fragments inside an expression are plain operators and functions; these words would reach other rows. */
const READS_TABLES = /\b(select|from|join|table|with|insert|update|delete|pragma)\b/i

/** Rewrites one query for one scope; an instance serves one query. Table names are those of the statement, not aliases. */
export class ScopeTransformer extends OperationNodeTransformer {
  readonly #scope: string
  /** Names that stand for a `with` query where the walk now is: their rows were limited inside. */
  readonly #named: string[] = []

  constructor(scope: string) {
    super()
    this.#scope = scope
  }

  protected override transformNodeImpl<T extends OperationNode>(node: T, queryId?: QueryId): T {
    if (this.nodeStack.length === 1 && !QUERY_KINDS.has(node.kind)) throw unsafe(`a ${node.kind} as a whole statement`)
    if (node.kind === 'MergeQueryNode') throw unsafe('`merge`')
    return super.transformNodeImpl(node, queryId)
  }

  protected override transformRaw(node: RawNode, queryId?: QueryId): RawNode {
    if (READS_TABLES.test(node.sqlFragments.join(' '))) throw unsafe('raw SQL that reads tables')
    return super.transformRaw(node, queryId)
  }

  /** Each `with` query sees those before it; with `recursive` also itself, as PostgreSQL defines. */
  protected override transformWith(node: WithNode, queryId?: QueryId): WithNode {
    const expressions = node.expressions.map((expression) => {
      const { name } = expression.name.table.table.identifier
      if (node.recursive === true) this.#named.push(name)
      const limited = this.transformNode(expression, queryId)
      if (node.recursive !== true) this.#named.push(name)
      return limited
    })
    return { ...node, expressions }
  }

  protected override transformSelectQuery(node: SelectQueryNode, queryId?: QueryId): SelectQueryNode {
    return this.#withNames(node, queryId, (body) => {
      const query = super.transformSelectQuery(body, queryId)
      const tables = [...this.#tablesOf(node.from?.froms), ...this.#crossJoined(node.joins)]
      return { ...query, ...this.#where(query.where, tables) }
    })
  }

  protected override transformUpdateQuery(node: UpdateQueryNode, queryId?: QueryId): UpdateQueryNode {
    refuseScopeUpdate(node.updates)
    return this.#withNames(node, queryId, (body) => {
      const query = super.transformUpdateQuery(body, queryId)
      const tables = [...this.#tablesOf([node.table, ...(node.from?.froms ?? [])]), ...this.#crossJoined(node.joins)]
      return { ...query, ...this.#where(query.where, tables) }
    })
  }

  protected override transformDeleteQuery(node: DeleteQueryNode, queryId?: QueryId): DeleteQueryNode {
    return this.#withNames(node, queryId, (body) => {
      const query = super.transformDeleteQuery(body, queryId)
      const tables = [...this.#tablesOf([...node.from.froms, ...(node.using?.tables ?? [])]), ...this.#crossJoined(node.joins)]
      return { ...query, ...this.#where(query.where, tables) }
    })
  }

  protected override transformInsertQuery(node: InsertQueryNode, queryId?: QueryId): InsertQueryNode {
    return this.#withNames(node, queryId, (body) => {
      const query = super.transformInsertQuery(body, queryId)
      if (node.into === undefined) throw unsafe('an insert without a table')
      if (this.#tablesOf([node.into]).length === 0) return query
      if (node.replace === true || node.orAction !== undefined) throw unsafe('`insert or replace`')
      if (node.values === undefined || !ValuesNode.is(node.values) || node.columns === undefined)
        throw unsafe('an insert without values')
      const { onConflict } = query
      return {
        ...query,
        ...this.#rows(node.columns, ValuesNode.is(query.values!) ? query.values : node.values),
        ...(onConflict === undefined ? {} : { onConflict: this.#upsert(onConflict, node.into) }),
      }
    })
  }

  protected override transformJoin(node: JoinNode, queryId?: QueryId): JoinNode {
    const join = super.transformJoin(node, queryId)
    const conditions = this.#tablesOf([node.table]).map((table) => this.#isScope(table))
    if (conditions.length === 0 || isCrossJoin(node)) return join
    if (node.joinType !== 'InnerJoin' && node.joinType !== 'LeftJoin') throw unsafe(`a ${node.joinType}`)
    if (join.on === undefined) throw unsafe('a join without a condition')
    return { ...join, on: OnNode.create(all([ParensNode.create(join.on.on), ...conditions])) }
  }

  /** Transforms the `with` part first, so that its names are known in the body, and forgets them afterwards. */
  #withNames<Q extends OperationNode & { readonly with?: WithNode }>(
    node: Q,
    queryId: QueryId | undefined,
    limit: (body: Q) => Q,
  ): Q {
    const depth = this.#named.length
    const names = node.with === undefined ? undefined : this.transformNode(node.with, queryId)
    const { with: _, ...body } = node
    const limited = limit(body as Q)
    this.#named.length = depth
    return names === undefined ? limited : { ...limited, with: names }
  }

  #where(where: WhereNode | undefined, tables: readonly TableNode[]): { where?: WhereNode } {
    if (tables.length === 0) return where === undefined ? {} : { where }
    const conditions = tables.map((table) => this.#isScope(table))
    return { where: WhereNode.create(all(where === undefined ? conditions : [ParensNode.create(where.where), ...conditions])) }
  }

  #rows(columns: readonly ColumnNode[], values: ValuesNode): { columns: readonly ColumnNode[]; values: ValuesNode } {
    const at = columns.findIndex((column) => column.column.name === SCOPE)
    const rows = values.values.map((row) => {
      const cells = ValueListNode.is(row) ? [...row.values] : row.values.map((value) => ValueNode.create(value))
      if (at >= 0) {
        this.#refuseOther(cells[at]!)
        cells[at] = ValueNode.create(this.#scope)
      } else cells.push(ValueNode.create(this.#scope))
      return ValueListNode.create(cells)
    })
    return { columns: at >= 0 ? columns : [...columns, ColumnNode.create(SCOPE)], values: ValuesNode.create(rows) }
  }

  #refuseOther(cell: OperationNode): void {
    if (DefaultInsertValueNode.is(cell) || (ValueNode.is(cell) && cell.value === this.#scope)) return
    throw new KanpekiError('scope_foreign', `A row of another scope was to be written from scope ${this.#scope}.`)
  }

  #upsert(node: OnConflictNode, into: TableNode): OnConflictNode {
    if (node.updates === undefined) return node
    refuseScopeUpdate(node.updates)
    const own = this.#isScope(into)
    const { updateWhere } = node
    return {
      ...node,
      updateWhere: WhereNode.create(updateWhere === undefined ? own : all([ParensNode.create(updateWhere.where), own])),
    }
  }

  #crossJoined(joins: readonly JoinNode[] | undefined): readonly TableNode[] {
    return this.#tablesOf((joins ?? []).filter(isCrossJoin).map((join) => join.table))
  }

  /** The stored tables among these table expressions, by the name under which the query knows them. */
  #tablesOf(expressions: readonly (OperationNode | undefined)[] | undefined): readonly TableNode[] {
    return (expressions ?? []).flatMap((expression): readonly TableNode[] => {
      if (expression === undefined) return []
      if (ListNode.is(expression)) return this.#tablesOf(expression.items)
      if (TableNode.is(expression)) return this.#isStored(expression) ? [expression] : []
      if (!AliasNode.is(expression)) throw unsafe(`a ${expression.kind} as a table`)
      if (expression.node.kind === 'RawNode') throw unsafe('raw SQL as a table')
      if (!TableNode.is(expression.node) || !this.#isStored(expression.node)) return []
      if (!IdentifierNode.is(expression.alias)) throw unsafe('raw SQL as an alias')
      return [TableNode.create(expression.alias.name)]
    })
  }

  #isStored(table: TableNode): boolean {
    const { schema, identifier } = table.table
    if (schema !== undefined) return true
    return !this.#named.includes(identifier.name) && !UNSCOPED_TABLES.includes(identifier.name)
  }

  #isScope(table: TableNode): OperationNode {
    const column = ReferenceNode.create(ColumnNode.create(SCOPE), table)
    return BinaryOperationNode.create(column, OperatorNode.create('='), ValueNode.create(this.#scope))
  }
}

function isCrossJoin(node: JoinNode): boolean {
  return node.joinType === 'CrossJoin'
}

function all(conditions: readonly OperationNode[]): OperationNode {
  return conditions.reduce((left, right) => AndNode.create(left, right))
}

function refuseScopeUpdate(updates: readonly ColumnUpdateNode[] | undefined): void {
  const touched = updates?.some(({ column }) => ColumnNode.is(column) && column.column.name === SCOPE)
  if (touched === true) throw new KanpekiError('scope_foreign', 'A row was to be moved to another scope.')
}

function unsafe(what: string): KanpekiError {
  return new KanpekiError('scope_unsafe', `${what} cannot be limited to a scope.`, {
    remedy: 'Write it with the query builder, or use the unscoped handle and name the scope in the query.',
  })
}
