BEGIN TRANSACTION;
CREATE TABLE wenju_about (
	"key" VARCHAR(40) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "wenju_about" VALUES('schema','1');
CREATE TABLE wenju_actions (
	id INTEGER NOT NULL, 
	at VARCHAR(40) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	address VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	target TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE wenju_asked (
	exchange_id VARCHAR(64) NOT NULL, 
	answer_id VARCHAR(64) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	at VARCHAR(40) NOT NULL, 
	channel VARCHAR(16) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	question TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	"query" TEXT NOT NULL, 
	reason VARCHAR(40) NOT NULL, 
	cited TEXT NOT NULL, 
	model TEXT NOT NULL, 
	"index" TEXT NOT NULL, 
	answer TEXT, 
	PRIMARY KEY (exchange_id)
);
INSERT INTO "wenju_asked" VALUES('e1','fake','wang','2026-11-29T05:56:30+00:00','page','done','年休假怎么申请？','年休假怎么申请','年休假怎么申请？','','[{"passage_id": "a4918f0e43a209f8-0004", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "start": 212, "end": 265}, {"passage_id": "a4918f0e43a209f8-0005", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "start": 288, "end": 314}, {"passage_id": "a4918f0e43a209f8-0005", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "start": 314, "end": 341}]','fake-1.5b','fake-7',NULL);
INSERT INTO "wenju_asked" VALUES('e2','fake','wang','2026-11-29T05:56:30+00:00','page','done','食堂几点开门','食堂几点开门','食堂几点开门','not_answered','[]','fake-1.5b','fake-7',NULL);
CREATE TABLE wenju_conversations (
	owner VARCHAR(200) NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	title TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	updated_at VARCHAR(40) NOT NULL, 
	sequence BIGINT NOT NULL, 
	PRIMARY KEY (owner, id)
);
INSERT INTO "wenju_conversations" VALUES('wang','c1','年休假怎么申请？','年休假怎么申请？','2026-11-29T05:56:30+00:00',1795931790988603);
CREATE TABLE wenju_exchanges (
	owner VARCHAR(200) NOT NULL, 
	conversation_id VARCHAR(64) NOT NULL, 
	id VARCHAR(64) NOT NULL, 
	position INTEGER NOT NULL, 
	question TEXT NOT NULL, 
	folded TEXT NOT NULL, 
	asked_at VARCHAR(40) NOT NULL, 
	status VARCHAR(16) NOT NULL, 
	message TEXT NOT NULL, 
	answer TEXT, 
	supported INTEGER NOT NULL, 
	PRIMARY KEY (owner, conversation_id, id)
);
INSERT INTO "wenju_exchanges" VALUES('wang','c1','e1',0,'年休假怎么申请？','年休假怎么申请？
年休假天数按累计工作年限确定：满1年不满10年的5天，满10年不满20年的10天，满20年的15天。应当提前5个工作日在协同办公系统提交申请。3天及以内由处室负责人审批，超过3天的由分管领导审批。','2026-11-29T05:56:30+00:00','done','','{"question": "年休假怎么申请？", "query": "年休假怎么申请？", "answer": "年休假天数按累计工作年限确定：满1年不满10年的5天，满10年不满20年的10天，满20年的15天。应当提前5个工作日在协同办公系统提交申请。3天及以内由处室负责人审批，超过3天的由分管领导审批。", "refused": false, "reason": null, "sentences": [{"text": "年休假天数按累计工作年限确定：满1年不满10年的5天，满10年不满20年的10天，满20年的15天。", "state": "supported", "citations": [{"passage_id": "a4918f0e43a209f8-0004", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第三章 年休假"], "page": 3, "start": 212, "end": 265, "quote": "职工累计工作满1年不满10年的，年休假5天；满10年不满20年的，年休假10天；满20年的，年休假15天。", "score": 0.95, "published": "2025-03-18"}], "problems": [], "omitted": []}, {"text": "应当提前5个工作日在协同办公系统提交申请。", "state": "supported", "citations": [{"passage_id": "a4918f0e43a209f8-0005", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第三章 年休假"], "page": 3, "start": 288, "end": 314, "quote": "申请年休假应当提前5个工作日在协同办公系统提交申请。", "score": 0.95, "published": "2025-03-18"}], "problems": [], "omitted": []}, {"text": "3天及以内由处室负责人审批，超过3天的由分管领导审批。", "state": "supported", "citations": [{"passage_id": "a4918f0e43a209f8-0005", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第三章 年休假"], "page": 3, "start": 314, "end": 341, "quote": "3天及以内由处室负责人审批，超过3天的由分管领导审批。", "score": 0.95, "published": "2025-03-18"}], "problems": [], "omitted": []}], "retrieved": [{"passage_id": "a4918f0e43a209f8-0005", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第三章 年休假"], "page": 3, "start": 288, "end": 358, "text": "申请年休假应当提前5个工作日在协同办公系统提交申请。3天及以内由处室负责人审批，超过3天的由分管领导审批。审批通过后系统自动抄送人事处备案。", "score": 0.5, "sent": true, "sent_spans": [], "published": "2025-03-18", "superseded": false}, {"passage_id": "a4918f0e43a209f8-0004", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第三章 年休假"], "page": 3, "start": 212, "end": 286, "text": "职工累计工作满1年不满10年的，年休假5天；满10年不满20年的，年休假10天；满20年的，年休假15天。国家法定休假日、休息日不计入年休假的假期。", "score": 0.333333, "sent": true, "sent_spans": [], "published": "2025-03-18", "superseded": false}, {"passage_id": "a4918f0e43a209f8-0006", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第三章 年休假"], "page": 3, "start": 360, "end": 400, "text": "因工作需要当年未能安排的年休假，可以跨1个年度安排，最迟于次年6月30日前休完。", "score": 0.333333, "sent": true, "sent_spans": [], "published": "2025-03-18", "superseded": false}, {"passage_id": "a4918f0e43a209f8-0001", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第一章 总则"], "page": 1, "start": 8, "end": 71, "text": "为规范机关考勤与休假管理，保障职工休息休假权利，结合本单位实际，制定本办法。本办法适用于机关各处室及所属事业单位在编在岗人员。", "score": 0.166667, "sent": false, "sent_spans": [], "published": "2025-03-18", "superseded": false}], "timings": {"retrieve": 0.04, "first_token": 0.9, "total": 2.6}, "model": "fake-1.5b", "index": "fake-7", "confidence": 0.93, "notes": [], "refusal": null, "usage": {"prompt_tokens": 412, "completion_tokens": 63}, "stage": "done", "id": "fake", "kind": ""}',1);
INSERT INTO "wenju_exchanges" VALUES('wang','c1','e2',1,'食堂几点开门','食堂几点开门
已收录的文档规定了上下班时间，但没有写明食堂的开放时间，因此不作推测。','2026-11-29T05:56:30+00:00','done','','{"question": "食堂几点开门", "query": "食堂几点开门", "answer": "已收录的文档规定了上下班时间，但没有写明食堂的开放时间，因此不作推测。", "refused": true, "reason": "not_answered", "sentences": [], "retrieved": [{"passage_id": "a4918f0e43a209f8-0002", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第二章 考勤"], "page": 2, "start": 81, "end": 145, "text": "工作日上班时间为上午8:30至12:00，下午13:30至17:30。各处室指定一名考勤员，每月3日前将上月考勤汇总表报人事处。", "score": 0.5, "sent": true, "sent_spans": [], "published": "2025-03-18", "superseded": false}, {"passage_id": "a4918f0e43a209f8-0003", "document_id": "a4918f0e43a209f8", "document": "职工考勤与休假管理办法（2025年修订）", "document_sha256": "efb0ffbc0fb0de7445a2506f20b03255326551e3dae49edb7e446a449c80ad5b", "heading": ["第二章 考勤"], "page": 2, "start": 147, "end": 201, "text": "因公外出须在协同办公系统登记外出事由、地点和起止时间，当日返岗的由处室负责人审批，超过一日的由分管领导审批。", "score": 0.5, "sent": true, "sent_spans": [], "published": "2025-03-18", "superseded": false}], "timings": {"retrieve": 0.04, "first_token": 0.9, "total": 2.6}, "model": "fake-1.5b", "index": "fake-7", "confidence": 0.93, "notes": [], "refusal": {"reason": "not_answered", "message": "已收录的文档规定了上下班时间，但没有写明食堂的开放时间，因此不作推测。", "looked_for": ["食堂", "开放时间"], "missing": ["食堂"], "nearest": ["a4918f0e43a209f8-0002", "a4918f0e43a209f8-0003"], "suggestions": ["工作日的上班时间是几点到几点？", "因公外出怎么登记？"], "draft": ""}, "usage": {"prompt_tokens": 412, "completion_tokens": 63}, "stage": "done", "id": "fake", "kind": ""}',0);
CREATE TABLE wenju_feedback (
	owner VARCHAR(200) NOT NULL, 
	exchange_id VARCHAR(64) NOT NULL, 
	conversation_id VARCHAR(64) NOT NULL, 
	verdict VARCHAR(8) NOT NULL, 
	reasons TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	at VARCHAR(40) NOT NULL, 
	answer TEXT, 
	settings TEXT NOT NULL, 
	PRIMARY KEY (owner, exchange_id)
);
CREATE TABLE wenju_sessions (
	id VARCHAR(64) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	member INTEGER NOT NULL, 
	until FLOAT NOT NULL, 
	looked_up FLOAT NOT NULL, 
	grant TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE wenju_shares (
	token_hash VARCHAR(64) NOT NULL, 
	owner VARCHAR(200) NOT NULL, 
	conversation_id VARCHAR(64) NOT NULL, 
	title TEXT NOT NULL, 
	shared_at VARCHAR(40) NOT NULL, 
	exchanges TEXT NOT NULL, 
	PRIMARY KEY (token_hash)
);
CREATE TABLE wenju_spent (
	id VARCHAR(64) NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE wenju_tokens (
	id VARCHAR(32) NOT NULL, 
	hash VARCHAR(64) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	created_at VARCHAR(40) NOT NULL, 
	expires_at VARCHAR(40) NOT NULL, 
	revoked INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_wenju_conversations_updated_at ON wenju_conversations (updated_at);
CREATE INDEX wenju_exchanges_order ON wenju_exchanges (owner, conversation_id, position);
CREATE INDEX ix_wenju_exchanges_status ON wenju_exchanges (status);
CREATE INDEX ix_wenju_shares_owner ON wenju_shares (owner);
CREATE INDEX ix_wenju_feedback_at ON wenju_feedback (at);
CREATE INDEX ix_wenju_asked_at ON wenju_asked (at);
CREATE INDEX ix_wenju_asked_owner ON wenju_asked (owner);
CREATE INDEX ix_wenju_asked_answer_id ON wenju_asked (answer_id);
CREATE INDEX ix_wenju_actions_at ON wenju_actions (at);
CREATE INDEX ix_wenju_sessions_owner ON wenju_sessions (owner);
COMMIT;
