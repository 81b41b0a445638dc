import type { Words } from ".."

export const metrics: Words["metrics"] = {
  names: {
    contacts: "联系量", csat: "满意度 CSAT", nps: "净推荐值 NPS", ces: "费力度 CES", survey_response_rate: "问卷回复率", fcr: "首次联系解决率",
    fcr_any_topic: "首次联系解决率（任意主题）", repeat_contact_rate: "重复联系率", repeat_contact_rate_any_topic: "重复联系率（任意主题）",
    reopen_rate: "工单重开率", aht_contact: "单次联系处理时长", aht_leg: "单段处理时长", chat_concurrency: "在线会话并发数",
    speed_of_answer: "平均应答速度", speed_of_answer_median: "应答速度中位数", abandonment_rate: "放弃率", transfer_rate: "转接率",
    backlog: "未结工单", sla_met: "服务水平达标率", ai_containment: "AI 独立完成率", ai_confirmed_resolution: "AI 确认解决率",
    ai_silent_failure: "AI 隐性失败率", ai_silent_failure_topic: "AI 隐性失败率（同一主题）", ai_handoff_rate: "AI 转人工率",
    ai_cost_per_contact: "AI 单次联系成本", ai_cost_per_resolution: "AI 单次确认解决成本", confirmed_resolution: "确认解决率",
  },
  better: "趋好方向", direction: { larger: "越高越好", smaller: "越低越好", neither: "无优劣之分" },
  minimum: "最小样本", window: "稳定所需", source: "出处", days: (n) => `${n} 天`,
  points: (n) => `${n} 个百分点`,
}
