import type { Words } from ".."
import { definitions } from "./definitions"

export const admin: Words["admin"] = {
  tabsLabel: "管理",
  tabs: { keys: "密钥", workspace: "工作区", policy: "读取策略", definitions: "人群与特征", audit: "审计" },
  about: {
    keys: "密钥决定谁可以在此工作区读取和写入、出于什么目的、有效到何时。",
    workspace: "您登录所用密钥所属的工作区。",
    policy: "读取策略规定每类数据对每种读取者和每个目的如何处理。",
    definitions: "人群与计算特征在此声明，对整个工作区生效。",
    audit: "谁在此工作区做了什么，或尝试做什么。",
  },
  check: "检查",
  purposes: { support: "客服", billing: "账务", sales: "销售", marketing: "营销", analytics: "分析", operations: "运维" },
  readers: { human: "人员", own_ai: "自有 AI", third_party_ai: "第三方 AI", system: "系统" },
  classes: {
    account: "账户", behaviour: "行为", computed: "计算特征", consent: "同意", contact: "联系方式", content: "沟通内容", conversation: "沟通记录",
    identifier: "标识符", identity: "姓名与生日", meta: "编号与计数", money: "金额", provenance: "来源与依据", satisfaction: "满意度", segment: "人群", trait: "特征",
  },
  workspace: { title: "工作区", name: "名称", signedIn: "登录密钥的类型", ends: "会话结束于", others: "密钥只知道自己的工作区。其他工作区由服务器的运维人员创建、关闭和重新打开：" },
  keys: {
    title: "密钥", which: "哪些密钥", active: "有效", create: "创建密钥", none: "没有密钥", noneHint: "为每个程序和每个人各创建一个，以便单独收回。",
    note: "名称", noteHint: "用于什么或给谁使用。", unnamed: "未命名", kind: "类型", what: "用途", scopes: "权限", scopeCount: (n) => `${n} 项权限`, lastUsed: "最近使用", expires: "到期", never: "永不", actions: "操作",
    kinds: { read: "读取", agent: "坐席", write: "写入", admin: "管理" },
    kindHints: {
      read: "用于看板、分析师和读取数据的程序。", agent: "用于服务客户的人员或模型：可读取，并可写入转接、承诺和备注。",
      write: "用于数据源：只发送事件，不能读取。", admin: "拥有您自己密钥的全部权限，请谨慎发放。",
    },
    purpose: "目的", reader: "读取者", sourceHint: "事件的来源。", lane: "通道", live: "实时", bulk: "批量", origins: "网页", originsHint: "仅用于放在网页中的密钥：网页的来源地址。",
    standing: { revoked: "已撤销", expired: "已过期" }, goesOn: "已更换，有效到",
    rotate: "更换", rotateOf: (name) => `更换 ${name}`, rotateTitle: "更换此密钥", rotateHint: "将创建一个权限相同的新密钥。旧密钥会继续有效一段时间，便于您替换。", grace: "旧密钥继续有效",
    revoke: "撤销", revokeOf: (name) => `撤销 ${name}`, revokeTitle: "撤销此密钥", revokeHint: "使用它的程序会立即被拒绝，且无法恢复。", usedLast: (when) => `最近使用：${when}。`, usedNever: "从未使用过。", revoked: "密钥已撤销",
    secret: "您的新密钥", secretHint: "它只显示这一次。请把它放到使用它的程序读取机密的位置。", kept: "我已保存",
  },
  policy: {
    title: "读取策略", as: "显示方式", matrix: "表格", document: "文档", own: "自定义策略", builtIn: "内置策略",
    hint: "按密钥的目的，读取者能看到客户的哪些数据。点击单元格即可修改；保存之前不会生效。",
    reader: "读取者", class: "数据", caption: (reader) => `${reader}可以看到的内容`,
    does: { show: "显示", mask: "遮蔽", withhold: "隐藏" }, changed: "已修改",
    from: { matched: "匹配后", verified: "验证后" }, then: "，", belowIt: (action) => `否则${action}`, upTo: (age) => `${age} 以内`, most: (n) => `最多 ${n} 条`, agreed: (purposes) => `已同意：${purposes}`,
    changes: (n) => `已修改 ${n} 个单元格`, review: "核对并保存",
    action: "如何处理", needs: "从哪一级开始", below: "低于该级时", levels: { "": "声称：任何提问者", matched: "匹配", verified: "验证" },
    maxAge: "不早于", maxAgeHint: "例如 365d；留空表示不限。", limit: "最多", limitHint: "一次回答中的条数；留空表示全部。", consent: "须已同意", consentHint: "客户已同意的目的，例如 marketing；留空表示不需要。",
    said: "策略目前的出处",
    differences: (n) => `${n} 条规则将改变：`, noDifference: "对任何人都没有变化", before: "现在", after: "之后", looser: "显示更多", stricter: "显示更少",
    comments: "文档中有注释。从表格保存时不会保留注释；如需保留，请编辑文档。", saved: "策略已生效", valid: "文档是有效的策略。",
    toBuiltIn: "恢复内置策略", toBuiltInHint: "工作区自己的文档将被移除，程序自带的策略立即生效。",
  },
  definitions,
  audit: {
    title: "审计记录", at: "时间", actor: "操作者", onBehalf: "代表", action: "操作", subject: "对象", outcome: "结果", reason: "原因", outcomes: { done: "完成", refused: "被拒绝", failed: "失败" },
    none: "没有记录", noneHint: "请更换筛选条件或延长时间。记录写入 ClickHouse 后才会显示。", all: "已全部显示",
  },
}
