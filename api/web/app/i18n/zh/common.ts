import type { Words } from ".."

export const common: Words["common"] = {
  pages: {
    overview: "总览", journeys: "旅程", drivers: "联系原因", customers: "客户", review: "待审合并", sources: "数据源", admin: "管理",
  },
  menu: "菜单",
  skip: "跳到正文",
  language: "语言",
  theme: { label: "外观", system: "跟随系统", light: "浅色", dark: "深色" },
  search: "查找客户",
  signIn: {
    title: "登录", key: "密钥", hint: "本服务器的密钥，例如 trb_r_…；它保存在脚本无法读取的 Cookie 中。",
    submit: "登录", out: "退出登录", ended: "会话已结束。重新登录即可回到刚才的位置。", with: (name) => `使用 ${name} 登录`,
    or: "或", workspace: "工作区", notOut: "仍处于登录状态：无法连接服务器。",
    faults: {
      unavailable: "无法连接登录服务。请稍后重试，或使用密钥登录。",
      refused: "登录服务没有为你登录。",
      stale: "登录用时过长，或是在另一个浏览器中开始的。请重新开始。",
      invalid: "无法验证登录服务的答复。请告知服务器的管理者。",
      no_rights: "你的账户在这里没有权限。请向服务器的管理者申请。",
      limited: "来自此处的失败登录过多。请稍候几秒，再重新开始。",
    },
  },
  states: {
    loading: "正在加载", slow: "比平时慢一些，仍在处理中。",
    empty: "暂无内容", error: "无法显示", retry: "重试",
    unreachable: "无法连接服务器", unreachableHint: "请检查网络。之前显示的内容可能已过期。",
    denied: "您的密钥没有此权限", deniedHint: (scope) => `需要权限 ${scope}，请向密钥的签发人申请。`,
    request: (id) => `请求编号 ${id}`,
    notFound: "没有这个页面", notFoundHint: "地址可能有误。",
  },
  denied: { needs: "需要权限", have: "您的密钥拥有", ask: "此工作区的管理员可以在这里或服务器上为您创建密钥：" },
  actions: {
    close: "关闭", cancel: "取消", copy: "复制", copied: "已复制", copyLink: "复制链接", more: "显示更多", table: "表格", chart: "图表",
    save: "保存", apply: "应用", reset: "重置", add: "添加", remove: "移除", undo: "撤销", download: "下载 CSV", refresh: "刷新",
  },
  filters: {
    label: "筛选", time: "时间", from: "从", until: "到", zone: "时区", channel: "渠道", source: "数据源", segment: "人群",
    agentKind: "应答方", all: "全部", ai: "AI", human: "人工", days: (n) => `最近 ${n} 天`, custom: "自选日期", clear: "清除筛选",
    more: "更多筛选", utc: "UTC", local: "本地时间",
  },
  channels: {
    web: "网页", app: "应用", email: "邮件", chat: "聊天", voice: "语音", sms: "短信", rcs: "RCS", whatsapp: "WhatsApp", social: "社交媒体", store: "门店", mail: "信件",
  },
  rows: (n) => `${n} 行`,
  people: (n) => `${n} 人`,
  live: "实时", stale: (when) => `截至 ${when}`,
  untrusted: "由客户或数据源填写",
  yes: "是", no: "否",
}
