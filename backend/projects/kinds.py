"""What a passport is made of: stages, documents, needs, each in Chinese and English."""

STAGES = {
    "idea": ("创意", "Idea"),
    "prototype": ("样品", "Prototype"),
    "pilot": ("小批试产", "Pilot batch"),
    "production": ("批量生产", "In production"),
    "growth": ("扩大", "Growing"),
}

DOCUMENTS = {
    "business_licence": ("营业执照", "Business licence"),
    "food_licence": ("食品许可、登记或自产证明", "Food licence, registration or proof of own growing"),
    "origin": ("产地证明", "Proof of origin"),
    "quality": ("质量检验报告", "Quality report"),
    "certificate": ("绿色、有机或地理标志证书", "Green, organic or GI certificate"),
    "ip_statement": ("原创或授权声明", "Statement of own design or licence"),
    "patent": ("专利", "Patent"),
    "trademark": ("商标", "Trademark"),
    "safety": ("产品安全检测或认证", "Product safety report or certification"),
    "contract": ("场地、土地或原料合同", "Contract for site, land or material"),
    "award": ("获奖与认定", "Award or recognition"),
    "other": ("其他", "Other"),
}

NEEDS = {
    "money": ("资金", "Money"),
    "maker": ("制造与加工", "Manufacturing"),
    "people": ("伙伴与人手", "People"),
    "mentor": ("指导", "Mentoring"),
    "space": ("场地", "Space"),
    "market": ("渠道", "Sales channels"),
    "other": ("其他", "Other"),
}
